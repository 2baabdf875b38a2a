import * as z from "zod";
import type { Dialect } from "./graphql.ts";
import { name } from "./site.ts";

const fields = "username displayName profilePicture";
const rows = (argument: string) =>
  `query GetUser($userId: UUID!) { users(${argument}, first: 1) { nodes { ${fields} } } }`;

/** GetUser in every dialect; its variable is `userId`. */
export const userDocuments: Readonly<Record<Dialect, string>> = {
  id: `query GetUser($userId: UUID!) { user(id: $userId) { ${fields} } }`,
  condition: rows("condition: { id: $userId }"),
  filter: rows("filter: { id: { equalTo: $userId } }"),
  where: rows("where: { id: { equalTo: $userId } }"),
};

const text = z.string().nullish().catch(null);
const userRow = z.object({ username: text, displayName: text });
const answer = z.object({
  user: userRow.nullish(),
  users: z.object({ nodes: z.array(userRow) }).nullish(),
});

/**
 * Gives the name of the person who invites from an answer to GetUser: the display name, else the user name. Undefined where
 * there is none: an invitation without its sender's name is better than none.
 */
export function readInviter(data: unknown): string | undefined {
  const parsed = answer.safeParse(data).data;
  const user = parsed?.user ?? parsed?.users?.nodes[0];
  return name(user?.displayName) ?? name(user?.username);
}
