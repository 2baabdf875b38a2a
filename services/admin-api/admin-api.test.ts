import { expect, test } from "bun:test";
import { withDatabase } from "../testing/with-database.ts";
import { addSampleRows, createSampleTables } from "./load-sample.ts";
import { startAdminApi } from "./start-admin-api.ts";

async function withAdminApi() {
  const database = await withDatabase("empty");
  await createSampleTables(database.sql);
  await addSampleRows(database.sql, "http://localhost:3001");
  const server = await startAdminApi({
    ...database.settings,
    ADMIN_API_PORT: 0,
    ADMIN_API_HOST: "127.0.0.1",
  });
  const ask = async (query: string, variables = {}) => {
    const response = await fetch(`http://127.0.0.1:${server.port}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Host: "private.localhost" },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  };
  return {
    ask,
    sql: database.sql,
    port: server.port,
    [Symbol.asyncDispose]: async () => {
      await server.stop(true);
      await database[Symbol.asyncDispose]();
    },
  };
}

const databaseId = "00000000-0000-4000-8000-000000000001";
const userId = "00000000-0000-4000-8000-000000000006";

test("the seed's three queries are answered", async () => {
  await using api = await withAdminApi();
  const fields = await api.ask("{ __schema { queryType { fields { name } } } }");
  expect(fields.data.__schema.queryType.fields.map((field: { name: string }) => field.name)).toContain(
    "databases",
  );
  expect(await api.ask("{ databases { nodes { id name } } }")).toEqual({
    data: { databases: { nodes: [{ id: databaseId, name: "constructive" }] } },
  });
  expect(await api.ask("{ users { nodes { id username displayName } } }")).toEqual({
    data: { users: { nodes: [{ id: userId, username: "ada", displayName: "Ada Lovelace" }] } },
  });
});

test("the site of a database is answered in the seed's dialect", async () => {
  await using api = await withAdminApi();
  const query = `query Q($id: UUID!, $user: UUID!) {
    database(id: $id) { sites { nodes {
      domains { nodes { subdomain domain } } logo title siteThemes { nodes { theme } }
      siteModules(condition: { name: "legal_terms_module" }) { nodes { data } }
    } } }
    databases(condition: { id: $id }, first: 1) { nodes { id } }
    user(id: $user) { username displayName profilePicture }
  }`;
  const { data } = await api.ask(query, { id: databaseId, user: userId });
  const [site] = data.database.sites.nodes;
  expect(site).toMatchObject({
    domains: { nodes: [{ subdomain: "app", domain: "localhost" }] },
    logo: { url: "http://localhost:3001/sample/logo.png" },
    title: "Acme Notes",
    siteThemes: { nodes: [{ theme: { primary: "#2f6f4f" } }] },
    siteModules: { nodes: [{ data: { emails: { support: "support@acme.example" } } }] },
  });
  expect(data.databases.nodes).toEqual([{ id: databaseId }]);
  expect(data.user).toMatchObject({ username: "ada" });
});

test("loading the sample again changes nothing that was edited", async () => {
  await using api = await withAdminApi();
  await api.sql`update services_public.sites set title = 'Mine'`;
  await createSampleTables(api.sql);
  await addSampleRows(api.sql, "http://localhost:3001");
  const [site] = await api.sql<{ title: string }[]>`select title from services_public.sites`;
  expect(site?.title).toBe("Mine");
});

test("health and the sample's logo are served", async () => {
  await using api = await withAdminApi();
  for (const path of ["/healthz", "/readyz", "/sample/logo.png"])
    expect((await fetch(`http://127.0.0.1:${api.port}${path}`)).status).toBe(200);
});

test.each([
  ["http://evil.example", 403],
  ["null", 403],
  [undefined, 200],
  ["http://localhost:3000", 200],
])("a page of %p that asks is answered with %p", async (origin, status) => {
  await using api = await withAdminApi();
  const response = await fetch(`http://127.0.0.1:${api.port}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(origin === undefined ? {} : { Origin: origin }) },
    body: JSON.stringify({ query: "{ users { nodes { id } } }" }),
  });
  expect(response.status).toBe(status);
  await response.text();
});
