/** What is done with a parameter of a connection. */
type Treatment =
  /** It is done as libpq does it. */
  | "honoured"
  /** It is left out, and a line says so: it tunes, or belongs to another client. */
  | "left out"
  /** It asks for what is not done here, and to go on without would be less than was asked for: the settings are wrong. */
  | "refused";

/** One parameter of a connection, by its name in a URL. */
export type ConnectionParameter = {
  /** Its name in the environment, where it has one. */
  readonly variable: `PG${string}` | undefined;
  readonly treatment: Treatment;
  /** What it is, for the table of settings; why, where it is not honoured. */
  readonly text: string;
};

const parameter =
  (treatment: Treatment) =>
  <const Variable extends `PG${string}` | undefined = undefined>(text: string, variable?: Variable) => ({
    variable: variable as Variable,
    treatment,
    text,
  });
const honoured = parameter("honoured");
const leftOut = parameter("left out");
const refused = parameter("refused");

/**
 * Every parameter of libpq (PostgreSQL manual, "Database Connection Control Functions"), and those of other clients that providers
 * and frameworks put into URLs. The variables among them are settings of every part that uses the database.
 */
export const connectionParameters = {
  host: honoured(
    "Host of the application's database: a name, an address, the folder of a socket, or several with commas.",
    "PGHOST",
  ),
  hostaddr: honoured("Address to connect to, in place of looking PGHOST up.", "PGHOSTADDR"),
  port: honoured("Port of the application's database, or one for each host.", "PGPORT"),
  user: honoured("Database role of the service.", "PGUSER"),
  password: honoured("Password of that role.", "PGPASSWORD"),
  passfile: honoured("File of passwords, for a role without one: `~/.pgpass` unless set.", "PGPASSFILE"),
  dbname: honoured("The application's database, where `app_jobs` lives.", "PGDATABASE"),
  sslmode: honoured(
    "How to use TLS: `disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`; `no-verify` is `require` whatever certificates there are.",
    "PGSSLMODE",
  ),
  sslrootcert: honoured(
    "File of the CAs to trust, for `verify-ca` and `verify-full` (`require` checks too where it is set): that of your provider, or of your private CA. `system` means those of the system and of NODE_EXTRA_CA_CERTS.",
    "PGSSLROOTCERT",
  ),
  sslcert: honoured("File of the client's certificate, where the server wants one.", "PGSSLCERT"),
  sslkey: honoured("File of that certificate's key.", "PGSSLKEY"),
  sslpassword: honoured("Password of that key."),
  sslcertmode: honoured("Whether to send that certificate: `allow` or `disable`.", "PGSSLCERTMODE"),
  sslcrl: honoured("File of certificates that are revoked.", "PGSSLCRL"),
  sslsni: honoured("`0` keeps the host's name out of the TLS greeting.", "PGSSLSNI"),
  sslnegotiation: honoured(
    "`direct` begins with TLS at once, from Postgres 17 on; else `postgres`.",
    "PGSSLNEGOTIATION",
  ),
  ssl_min_protocol_version: honoured("Lowest version of TLS: `TLSv1.2`.", "PGSSLMINPROTOCOLVERSION"),
  ssl_max_protocol_version: honoured("Highest version of TLS.", "PGSSLMAXPROTOCOLVERSION"),
  channel_binding: honoured(
    "Whether the password's proof is tied to the TLS connection: `disable`, `prefer` or `require`.",
    "PGCHANNELBINDING",
  ),
  require_auth: honoured(
    "Ways of authentication that are accepted, with commas: `password`, `md5`, `scram-sha-256`, `none`; a `!` before each excludes them.",
    "PGREQUIREAUTH",
  ),
  connect_timeout: honoured(
    "How long opening a connection to one host may take, in seconds.",
    "PGCONNECT_TIMEOUT",
  ),
  target_session_attrs: honoured(
    "Which of several hosts to use: `any`, `read-write`, `read-only`, `primary`, `standby` or `prefer-standby`. Of several hosts `read-write` unless set.",
    "PGTARGETSESSIONATTRS",
  ),
  load_balance_hosts: honoured(
    "`random` tries several hosts in any order, `disable` in theirs.",
    "PGLOADBALANCEHOSTS",
  ),
  application_name: honoured("Name in pg_stat_activity, in place of the part's own.", "PGAPPNAME"),
  fallback_application_name: honoured("The same, where nothing else names it."),
  options: honoured("Settings for the server's sessions: `-c name=value`.", "PGOPTIONS"),
  keepalives: honoured("`0` sends no keepalives."),
  keepalives_idle: honoured("Seconds of silence until a keepalive."),
  requiressl: honoured("`1` is the old way to say `sslmode=require`.", "PGREQUIRESSL"),
  ssl: honoured("What other clients call sslmode: `true`, `false`, or one of its words."),
  sslaccept: honoured("Prisma's word for what to check: `strict`, `accept_invalid_certs`."),
  gssencmode: honoured(
    "Encryption by Kerberos, which is not done here: `disable` or `prefer`.",
    "PGGSSENCMODE",
  ),
  service: refused("service files are not read; name its parts", "PGSERVICE"),
  requirepeer: refused("whose socket it is cannot be asked", "PGREQUIREPEER"),
  sslcrldir: refused("name one file by sslcrl", "PGSSLCRLDIR"),
  sslkeylogfile: refused("keys are not written down"),
  sslidentity: refused("name the certificate by sslcert and its key by sslkey"),
  replication: refused("services do not replicate"),
  min_protocol_version: refused("version 3.0 of the protocol is used", "PGMINPROTOCOLVERSION"),
  keepalives_interval: leftOut("the system's is used"),
  keepalives_count: leftOut("the system's is used"),
  tcp_user_timeout: leftOut("JOBS_QUERY_SECONDS finds a silent connection"),
  client_encoding: leftOut("texts are UTF-8", "PGCLIENTENCODING"),
  max_protocol_version: leftOut("version 3.0 of the protocol is used", "PGMAXPROTOCOLVERSION"),
  sslcompression: leftOut("nothing is compressed", "PGSSLCOMPRESSION"),
  datestyle: leftOut("dates are read in one style", "PGDATESTYLE"),
  timezone: leftOut("times are instants here, whatever zone a session has", "PGTZ"),
  geqo: leftOut("options=-c%20geqo=off says the same", "PGGEQO"),
  krbsrvname: leftOut("Kerberos is not used", "PGKRBSRVNAME"),
  gsslib: leftOut("Kerberos is not used", "PGGSSLIB"),
  gssdelegation: leftOut("Kerberos is not used", "PGGSSDELEGATION"),
  pgbouncer: leftOut("a pooler is noticed without"),
  schema: leftOut("JOBS_SCHEMA is the queue's"),
  connection_limit: leftOut("pools have a fixed size"),
  pool_timeout: leftOut("JOBS_QUERY_SECONDS is the limit"),
  statement_cache_size: leftOut("a pooler is noticed without"),
  uselibpqcompat: leftOut("sslmode is always libpq's"),
};

type Parameters = typeof connectionParameters;

/** A variable that says something of the connection. */
export type ConnectionVariable = NonNullable<Parameters[keyof Parameters]["variable"]>;

/** What nobody here knows but by its name seems to be about safety is refused, as libpq refuses all: a slip must not make a connection less safe. */
const safety = /^(ssl|tls|gss|krb|scram|oauth|auth|require|channel)/i;

/** Gives what is done with a parameter, known or not. */
export function parameterNamed(name: string): ConnectionParameter {
  const known: Readonly<Record<string, ConnectionParameter>> = connectionParameters;
  if (Object.hasOwn(known, name) && known[name] !== undefined) return known[name];
  if (safety.test(name)) return refused("no such parameter is known");
  return leftOut("unknown here; a setting of the server goes into options=-c%20name=value");
}
