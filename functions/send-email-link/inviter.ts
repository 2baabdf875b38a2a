import * as z from "zod";
import type { Dialect } from "./graphql.ts";
import { name } from "./site.ts";

const fields = "username displayName profilePicture";

/** A type that a user's id has in a schema. */
export type IdType = "UUID" | "Int" | "BigInt";

/** Gives the types that an id may have, in the order in which they are tried. */
export function idTypesOf(id: string): readonly IdType[] {
  if (!/^-?\d+$/.test(id)) return ["UUID"];
  return Math.abs(Number(id)) < 2 ** 31 ? ["Int", "BigInt"] : ["BigInt"];
}

/** Gives GetUser in every dialect, for an id of a type; its variable is `userId`. */
export function userDocuments(type: IdType): Readonly<Record<Dialect, string>> {
  const head = `query GetUser($userId: ${type}!)`;
  const rows = (argument: string) => `${head} { users(${argument}, first: 1) { nodes { ${fields} } } }`;
  return {
    id: `${head} { user(id: $userId) { ${fields} } }`,
    condition: rows("condition: { id: $userId }"),
    filter: rows("filter: { id: { equalTo: $userId } }"),
    where: rows("where: { id: { equalTo: $userId } }"),
  };
}

const text = z.string().nullish().catch(null);
const userRow = z.object({ username: text, displayName: text });
const answer = z.object({
  user: userRow.nullish(),
  users: z.object({ nodes: z.array(userRow) }).nullish(),
});

/** What mail programs make a link of, though it stands there as mere text. */
const link = /:\/\/|\bwww\.|[\p{L}\p{N}]\.\p{L}{2,}/iu;

/** A name that is no link: whoever may invite could else send people anywhere, in the site's own words. */
function plainName(given: string | null | undefined): string | undefined {
  const line = name(given);
  return line !== undefined && link.test(line) ? undefined : line;
}

/**
 * Gives the name of the person who invites from an answer to GetUser: the display name, else the user name, if it holds no link.
 * Undefined where there is none: an invitation without its sender's name is better than none.
 */
export function readInviter(data: unknown): string | undefined {
  const parsed = answer.safeParse(data).data;
  const user = parsed?.user ?? parsed?.users?.nodes[0];
  return plainName(user?.displayName) ?? plainName(user?.username);
}
