import { buildSchema, type GraphQLSchema, graphql } from "graphql";
import * as z from "zod";
import type { Dialect } from "../send-email-link/graphql.ts";
import { withServer } from "./with-server.ts";

/** What the server knows. A null is a row that is not there; columns of JSON hold any value. */
export type Rows = {
  readonly database?: unknown;
  readonly user?: unknown;
};

/** One request as the server got it. */
type Asked = {
  readonly operationName: string | null;
  readonly headers: Headers;
  readonly variables: unknown;
  readonly query: string;
};

/** An ordinary site, its every part replaceable. */
function siteRows(replaced: Record<string, unknown> = {}) {
  return {
    title: "Acme",
    logo: { url: "https://cdn.acme.test/logo.png", mime: "image/png" },
    domains: { nodes: [{ subdomain: "app", domain: "acme.test" }] },
    siteThemes: { nodes: [{ theme: { primary: "#7c3aed" } }] },
    siteModules: {
      nodes: [
        {
          data: {
            emails: { support: "support@acme.test" },
            company: { name: "Acme Incorporated", nick: "Acme", website: "https://acme.test" },
          },
        },
      ],
    },
    ...replaced,
  };
}

/** Gives what a server answers about a database with one site. */
export const databaseWith = (site: Record<string, unknown> = {}) => ({ sites: { nodes: [siteRows(site)] } });

/** A type that the ids of users have. */
type IdType = "UUID" | "Int" | "BigInt";

const types = (modules: string, id: IdType) => `
  scalar UUID
  scalar BigInt
  scalar JSON
  type Database { sites: Sites! }
  type Databases { nodes: [Database!]! }
  type Sites { nodes: [Site!]! }
  type Site { title: String, logo: JSON, domains: Domains!, siteThemes: Themes!, siteModules(${modules}): Modules! }
  type Domains { nodes: [Domain!]! }
  type Domain { subdomain: String, domain: String }
  type Themes { nodes: [Theme!]! }
  type Theme { theme: JSON }
  type Modules { nodes: [Module!]! }
  type Module { data: JSON }
  type Users { nodes: [User!]! }
  type User { username: String, displayName: String, profilePicture: JSON }
  input Id { id: UUID }
  input UserId { id: ${id} }
  input Name { name: String }
  input EqualUuid { equalTo: UUID }
  input EqualUser { equalTo: ${id} }
  input EqualText { equalTo: String }
  input IdFilter { id: EqualUuid }
  input UserFilter { id: EqualUser }
  input NameFilter { name: EqualText }`;

const list = (argument: string, database: string, user: string) =>
  `type Query { databases(${argument}: ${database}, first: Int): Databases, users(${argument}: ${user}, first: Int): Users }`;

const schemas: Readonly<Record<Dialect, (id: IdType) => string>> = {
  id: (id) =>
    `${types("condition: Name", id)} type Query { database(id: UUID!): Database, user(id: ${id}!): User }`,
  condition: (id) => types("condition: Name", id) + list("condition", "Id", "UserId"),
  filter: (id) => types("filter: NameFilter", id) + list("filter", "IdFilter", "UserFilter"),
  where: (id) => types("where: NameFilter", id) + list("where", "IdFilter", "UserFilter"),
};

const body = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/** Gives a GraphQL server that knows one dialect alone, and refuses the others as graphql-js does. */
export function withGraphql(dialect: Dialect, rows: Rows, userId: IdType = "UUID") {
  const schema: GraphQLSchema = buildSchema(schemas[dialect](userId));
  const asked: Asked[] = [];
  const server = withServer(async (request) => {
    const { query, variables, operationName } = body.parse(await request.json());
    asked.push({ operationName: operationName ?? null, headers: request.headers, variables, query });
    const result = await graphql({
      schema,
      source: query,
      rootValue: rootValue(rows),
      variableValues: variables ?? {},
    });
    return Response.json(result, { status: result.data === undefined ? 400 : 200 });
  });
  return { ...server, asked };
}

function rootValue({
  database = databaseWith(),
  user = { username: "ada", displayName: "Ada Lovelace" },
}: Rows) {
  const nodes = (row: unknown) => ({ nodes: row === null ? [] : [row] });
  return { database, user, databases: nodes(database), users: nodes(user) };
}
