import { connectionSettings } from "../../services/config/postgres-settings.ts";
import type { ComposeService } from "./compose-stack.ts";
import type { PartSettings } from "./settings-objects.ts";

/** Parts that an image's first word starts; the first one is what it is without a word. */
const partsOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "job-service": {
    serve: "job-service",
    worker: "worker",
    scheduler: "scheduler",
    callback: "callback",
    migrate: "",
  },
  "local-stack": { "admin-api": "admin-api", sample: "", mailbox: "mailbox" },
};

/** Gives what is wrong with a service's environment by the settings that its part reads in code: unknown names, and wrong or missing values. */
export function findComposeSettingFaults(service: ComposeService, all: readonly PartSettings[]): string[] {
  const image = /^knative-jobs\/([^:]+):/.exec(service.image)?.[1];
  if (image === undefined) return [];
  const objects = objectsOf(image, service, all);
  if (objects.length === 0) return [`no settings are known for ${image} ${service.command.join(" ")}`];

  const given = Object.fromEntries(
    Object.entries(service.environment)
      .map(([name, value]) => [name, interpolated(value)] as const)
      .filter(([, value]) => value !== ""),
  );
  const known = new Set(objects.flatMap(({ shape }) => Object.keys(shape)));
  const unknown = Object.keys(service.environment).filter((name) => !known.has(name));
  const wrong = objects.flatMap((settings) => settings.safeParse(given).error?.issues ?? []);
  const drain = Number(given["JOBS_DRAIN_SECONDS"] ?? 0);
  const grace = Number(service.stop_grace_period?.replace("s", "") ?? 10);
  return [
    ...unknown.map((name) => `nothing reads ${name}`),
    ...wrong.map(({ path, message }) => `${path.join(".")}: ${message}`),
    ...literalSecrets(service).map((name) => `${name} is written out; take it from the environment`),
    ...(grace > drain ? [] : [`it is killed after ${grace} s, while it drains for ${drain}`]),
  ];
}

function objectsOf(image: string, { command, build }: ComposeService, all: readonly PartSettings[]) {
  const parts = partsOf[image];
  const ofPart = (part: string) => all.filter((each) => each.part === part).map(({ settings }) => settings);
  if (parts === undefined) {
    const isItself = build?.args["FUNCTION"] === image;
    return isItself ? [image, "kit", "serve"].flatMap(ofPart) : [];
  }
  const part = parts[command[0] ?? Object.keys(parts)[0] ?? ""];
  return part === "" ? [connectionSettings] : ofPart(part ?? "none");
}

/** `${NAME:-default}` as it is where nothing is set. */
function interpolated(value: string): string {
  return value.replaceAll(/\$\{\w+(?::?-([^}]*))?\}/g, (_, fallback: string = "") => fallback);
}

function literalSecrets({ environment }: ComposeService): string[] {
  return Object.entries(environment)
    .filter(([name, value]) => /SECRET|PASSWORD|TOKEN|API_KEY/.test(name) && !value.startsWith("${"))
    .map(([name]) => name);
}
