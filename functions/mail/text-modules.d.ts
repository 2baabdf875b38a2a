/** Templates, imported as text: `import source from "./mail.mjml" with { type: "text" }`. */
declare module "*.mjml" {
  const source: string;
  export default source;
}
