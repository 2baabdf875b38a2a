/** A file of SQL, imported `with { type: "text" }`: so it is part of a compiled program. */
declare module "*.sql" {
  const text: string;
  export = text;
}
