import { styleText } from "node:util";
import type { DatabaseSettings } from "../../db/client/connect.ts";
import { connectionUrl } from "../../db/client/connection/connection-url.ts";
import type { StackAddresses } from "./start-stack.ts";

/** Gives what to print when the stack is up: where to look, and three commands to paste. */
export function describeStack({ database, adminApi, mailbox }: StackAddresses): string {
  const title = (text: string) => styleText("bold", text);
  return `
${title("The job service is ready.")} Open the mailbox at ${styleText("underline", mailbox)}, then paste one of these in another terminal:

${title("Enqueue in SQL")}
  psql '${connectionUrl(database)}' -c "
    SELECT ${database.JOBS_SCHEMA}.add_job(
      (SELECT id FROM metaschema_public.database ORDER BY created_at LIMIT 1),
      'send-email-link',
      json_build_object('email_type', 'invite_email', 'email', 'user@example.com', 'invite_token', 'invite-token-123',
        'sender_id', (SELECT id FROM roles_public.users ORDER BY created_at LIMIT 1)));"

${title("Enqueue without a Postgres client")}
  ${isDefault(database) ? "" : `DATABASE_URL='${connectionUrl(database)}' `}bun run jobs enqueue simple-email '{"to":"user@example.com","subject":"Hello","text":"It works."}'

${title("Ask the GraphQL API")}
  curl -X POST ${adminApi}/graphql -H 'Content-Type: application/json' \\
    -d '{"query": "{ databases { nodes { id name } } users { nodes { id username } } }"}'

Ctrl-C stops everything; the data stays until you start with --fresh.
`;
}

/** Whether the command line finds this database without being told. */
function isDefault(database: DatabaseSettings): boolean {
  return connectionUrl(database) === "postgres://postgres:postgres@127.0.0.1:54329/constructive";
}
