// Stands in for a package that is named by the published service and was never published.
exports.createSmtpServer = () => ({});
