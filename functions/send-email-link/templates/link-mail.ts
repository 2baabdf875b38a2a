// Written by `bun run email:compile` from link-mail.mjml: change that file, not this one.

/** The HTML of link-mail.mjml, its slots still open. */
export const linkMail: string = `<!doctype html>
<html lang="{{lang}}" dir="{{dir}}" xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<title>{{subject}}</title>
<!--[if !mso]><!-->
<meta http-equiv="X-UA-Compatible" content="IE=edge">
<!--<![endif]-->
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style type="text/css">
#outlook a { padding:0; }
body { margin:0;padding:0;-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%; }
table, td { border-collapse:collapse;mso-table-lspace:0pt;mso-table-rspace:0pt; }
img { border:0;height:auto;line-height:100%; outline:none;text-decoration:none;-ms-interpolation-mode:bicubic; }
p { display:block;margin:13px 0; }
</style>
<!--[if mso]>
<noscript>
<xml>
<o:OfficeDocumentSettings>
<o:AllowPNG/>
<o:PixelsPerInch>96</o:PixelsPerInch>
</o:OfficeDocumentSettings>
</xml>
</noscript>
<![endif]-->
<!--[if lte mso 11]>
<style type="text/css">
.mj-outlook-group-fix { width:100% !important; }
</style>
<![endif]-->
<style type="text/css">
@media only screen and (min-width:480px) {
.mj-column-per-100 { width:100% !important; max-width: 100%; }
}
</style>
<style media="screen and (min-width:480px)">
.moz-text-html .mj-column-per-100 { width:100% !important; max-width: 100%; }
</style>
<style type="text/css">
@media only screen and (max-width:479px) {
table.mj-full-width-mobile { width: 100% !important; }
td.mj-full-width-mobile { width: auto !important; }
}
</style>
<style type="text/css">
:root { color-scheme: light dark; supported-color-schemes: light dark; }
.logo img { max-height: 140px; object-fit: contain; font: 600 14px -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; color: #57606a; text-align: center; }
.link a { color: inherit; word-break: break-all; }
@media (prefers-color-scheme: dark) {
body, .page { background-color: #111315 !important; }
.card, .card > table { background: #1c1f22 !important; background-color: #1c1f22 !important; }
.ink div { color: #f0f2f4 !important; }
.faint div, .logo img { color: #a9b0b7 !important; }
.button a { border-color: {{darkEdge}} !important; }
}
[data-ogsc] .ink div { color: #f0f2f4 !important; }
[data-ogsc] .faint div, [data-ogsc] .logo img { color: #a9b0b7 !important; }
[data-ogsb] .card { background-color: #1c1f22 !important; }
</style>
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
</head>
<body style="word-spacing:normal;background-color:#f3f4f6;">
<div style="display:none;font-size:1px;color:#ffffff;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;">{{preheader}}&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;</div>
<div
aria-label="{{subject}}" aria-roledescription="email" class="page" style="background-color:#f3f4f6;" role="article" lang="{{lang}}" dir="{{dir}}"
>
<!--[if mso | IE]><table align="center" border="0" cellpadding="0" cellspacing="0" class="" role="presentation" style="width:560px;" width="560" ><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]-->
<div  style="margin:0px auto;max-width:560px;">
<table
align="center" border="0" cellpadding="0" cellspacing="0" role="presentation" style="width:100%;"
>
<tbody>
<tr>
<td
style="direction:{{dir}};font-size:0px;padding:24px 0 0;text-align:center;"
>
<!--[if mso | IE]><table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr><td class="" style="vertical-align:top;width:560px;" ><![endif]-->
<div
class="mj-column-per-100 mj-outlook-group-fix" style="font-size:0px;text-align:left;direction:{{dir}};display:inline-block;vertical-align:top;width:100%;"
>
<table
border="0" cellpadding="0" cellspacing="0" role="presentation" style="vertical-align:top;" width="100%"
>
<tbody>
{{#logoUrl}}
<tr>
<td
align="center" class="logo" style="font-size:0px;padding:8px 24px;word-break:break-word;"
>
<table
border="0" cellpadding="0" cellspacing="0" role="presentation" style="border-collapse:collapse;border-spacing:0px;"
>
<tbody>
<tr>
<td  style="width:140px;">
<img
alt="{{logoAlt}}" src="{{logoUrl}}" style="border:0;display:block;outline:none;text-decoration:none;height:auto;width:100%;font-size:13px;" width="140" height="auto"
/>
</td>
</tr>
</tbody>
</table>
</td>
</tr>
{{/logoUrl}}
<tr>
<td
align="center" class="ink" style="font-size:0px;padding:8px 24px 16px;word-break:break-word;"
>
<div
style="font-family:-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:16px;font-weight:600;line-height:1.5;text-align:center;color:#1f2328;"
>{{siteTitle}}</div>
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><table align="center" border="0" cellpadding="0" cellspacing="0" class="card-outlook" role="presentation" style="width:560px;" width="560" bgcolor="#ffffff" ><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]-->
<div  class="card" style="background:#ffffff;background-color:#ffffff;margin:0px auto;max-width:560px;border-radius:8px;overflow:hidden;">
<table
align="center" border="0" cellpadding="0" cellspacing="0" role="presentation" style="background:#ffffff;background-color:#ffffff;width:100%;border-collapse:separate;"
>
<tbody>
<tr>
<td
style="border-radius:8px;direction:{{dir}};font-size:0px;padding:24px 0;text-align:center;"
>
<!--[if mso | IE]><table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr><td class="" style="vertical-align:top;width:560px;" ><![endif]-->
<div
class="mj-column-per-100 mj-outlook-group-fix" style="font-size:0px;text-align:left;direction:{{dir}};display:inline-block;vertical-align:top;width:100%;"
>
<table
border="0" cellpadding="0" cellspacing="0" role="presentation" style="vertical-align:top;" width="100%"
>
<tbody>
<tr>
<td
align="{{start}}" class="ink" style="font-size:0px;padding:8px 24px;word-break:break-word;"
>
<div
style="font-family:-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:22px;font-weight:700;line-height:1.3;text-align:{{start}};color:#1f2328;"
><h1 style="margin:0;font-size:22px;line-height:1.3;font-weight:700;">{{heading}}</h1></div>
</td>
</tr>
<tr>
<td
align="{{start}}" class="ink" style="font-size:0px;padding:8px 24px;word-break:break-word;"
>
<div
style="font-family:-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:16px;line-height:1.5;text-align:{{start}};color:#1f2328;"
>{{intro}}</div>
</td>
</tr>
<tr>
<td
align="{{start}}" class="button" style="font-size:0px;padding:16px 24px;word-break:break-word;"
>
<div
style="font-family:-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:16px;line-height:1.5;text-align:{{start}};color:#1f2328;"
><!--[if mso]><v:roundrect xmlns:w="urn:schemas-microsoft-com:office:word" href="{{link}}" style="height:50px;width:300px;v-text-anchor:middle;" arcsize="12%" strokecolor="{{edge}}" fillcolor="{{primary}}"><w:anchorlock/><center style="color:{{onPrimary}};font-family:Arial,sans-serif;font-size:16px;font-weight:600;">{{action}}</center></v:roundrect><![endif]-->
<!--[if !mso]><!--><a href="{{link}}" target="_blank" style="display:inline-block;padding:13px 28px;background:{{primary}};color:{{onPrimary}};border:1px solid {{edge}};border-radius:6px;font-size:16px;font-weight:600;line-height:1.4;text-decoration:none;">{{action}}</a><!--<![endif]--></div>
</td>
</tr>
<tr>
<td
align="{{start}}" class="faint" style="font-size:0px;padding:8px 24px;word-break:break-word;"
>
<div
style="font-family:-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:14px;line-height:1.5;text-align:{{start}};color:#57606a;"
>{{linkHint}}</div>
</td>
</tr>
<tr>
<td
align="{{start}}" class="faint link" style="font-size:0px;padding:8px 24px;word-break:break-word;"
>
<div
style="font-family:-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:14px;line-height:1.5;text-align:{{start}};color:#57606a;"
><a href="{{link}}" dir="ltr">{{linkText}}</a></div>
</td>
</tr>
<tr>
<td
align="{{start}}" class="faint" style="font-size:0px;padding:8px 24px;word-break:break-word;"
>
<div
style="font-family:-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:14px;line-height:1.5;text-align:{{start}};color:#57606a;"
>{{notYou}}</div>
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><table align="center" border="0" cellpadding="0" cellspacing="0" class="" role="presentation" style="width:560px;" width="560" ><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]-->
<div  style="margin:0px auto;max-width:560px;">
<table
align="center" border="0" cellpadding="0" cellspacing="0" role="presentation" style="width:100%;"
>
<tbody>
<tr>
<td
style="direction:{{dir}};font-size:0px;padding:16px 0 32px;text-align:center;"
>
<!--[if mso | IE]><table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr><td class="" style="vertical-align:top;width:560px;" ><![endif]-->
<div
class="mj-column-per-100 mj-outlook-group-fix" style="font-size:0px;text-align:left;direction:{{dir}};display:inline-block;vertical-align:top;width:100%;"
>
<table
border="0" cellpadding="0" cellspacing="0" role="presentation" style="vertical-align:top;" width="100%"
>
<tbody>
<tr>
<td
align="center" class="faint" style="font-size:0px;padding:2px 24px;word-break:break-word;"
>
<div
style="font-family:-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:13px;line-height:1.5;text-align:center;color:#57606a;"
>{{companyName}}</div>
</td>
</tr>
{{#websiteUrl}}
<tr>
<td
align="center" class="faint link" style="font-size:0px;padding:2px 24px;word-break:break-word;"
>
<div
style="font-family:-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:13px;line-height:1.5;text-align:center;color:#57606a;"
><a href="{{websiteUrl}}" dir="ltr">{{websiteText}}</a></div>
</td>
</tr>
{{/websiteUrl}}{{#supportUrl}}
<tr>
<td
align="center" class="faint link" style="font-size:0px;padding:2px 24px;word-break:break-word;"
>
<div
style="font-family:-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:13px;line-height:1.5;text-align:center;color:#57606a;"
>{{questionsBefore}}<a href="{{supportUrl}}" dir="ltr">{{support}}</a>{{questionsAfter}}</div>
</td>
</tr>
{{/supportUrl}}
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</div>
</body>
</html>
`;
