import { join } from "node:path";
import Ajv, { type ValidateFunction } from "ajv";
import { findComposeSettingFaults } from "./compose-settings.ts";
import { type ComposeService, composeFilesOf, readComposeStack } from "./compose-stack.ts";
import { root } from "./repository-files.ts";
import type { PartSettings } from "./settings-objects.ts";
import { faultAt, type SourceFile } from "./source-file.ts";

/**
 * Gives a fault for each place of a compose file that the Compose Specification does not know, that names what is not there, that leaves a
 * container more rights than it needs, or that sets what the code does not read.
 */
export async function findComposeFaults(
  files: readonly SourceFile[],
  settings: readonly PartSettings[],
): Promise<string[]> {
  const validate = await composeSchema();
  const unknown = composeFilesOf(files).flatMap((file) => faultsOfSchema(file, validate));
  if (unknown.length > 0) return unknown;
  const stack = readComposeStack(files);
  const known = new Set(files.map(({ path }) => path));
  const version = /"version":\s*"([^"]+)"/.exec(
    files.find(({ path }) => path === "package.json")?.text ?? "",
  )?.[1];
  const faults = stack.services.flatMap((service) =>
    [
      ...faultsOfOrder(service, stack.services),
      ...faultsOfRights(service),
      ...service.volumes
        .map((volume) => volume.split(":")[0] ?? "")
        .filter((volume) => /^\w/.test(volume) && !stack.volumes.has(volume))
        .map((volume) => `the volume ${volume} is not declared`),
      ...(service.build === undefined || known.has(service.build.dockerfile)
        ? []
        : [`there is no ${service.build.dockerfile}`]),
      ...(service.build === undefined || service.image.endsWith(`:${version}`)
        ? []
        : [`its image's tag is not the version of package.json, ${version}`]),
      ...findComposeSettingFaults(service, settings),
    ].map((message) => faultOf(service, message)),
  );
  return stack.projects.size > 1
    ? [...faults, "docker-compose.yml:1: The files are not of one project."]
    : faults;
}

function faultOf({ file, name }: ComposeService, message: string): string {
  return faultAt(file, Math.max(0, file.text.search(new RegExp(`^  ${name}:`, "m"))), `${name}: ${message}.`);
}

/** dclint carries the specification's schema. */
async function composeSchema(): Promise<ValidateFunction> {
  const path = join(root, "node_modules/dclint/schemas/compose.schema.json");
  const { $schema: _, ...schema }: Record<string, unknown> = await Bun.file(path).json();
  return new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
}

function faultsOfSchema(file: SourceFile, validate: ValidateFunction): string[] {
  if (validate(Bun.YAML.parse(file.text))) return [];
  const said = (validate.errors ?? []).map(({ instancePath, message = "", params }) => {
    const name = "additionalProperty" in params ? `: ${params["additionalProperty"]}` : "";
    return faultAt(file, 0, `${instancePath || "/"} ${message}${name}.`);
  });
  return [...new Set(said)];
}

function faultsOfOrder({ depends_on }: ComposeService, all: readonly ComposeService[]): string[] {
  return Object.entries(depends_on).flatMap(([name, { condition }]) => {
    const target = all.find((each) => each.name === name);
    if (target === undefined) return [`it waits for ${name}, which is not there`];
    const hasHealth = target.healthcheck !== undefined && !target.healthcheck.disable;
    if (condition === "service_healthy" && !hasHealth)
      return [`it waits for ${name}, which has no health check`];
    if (condition === "service_completed_successfully" && target.restart !== undefined)
      return [`it waits for the end of ${name}, which is started again`];
    return [];
  });
}

function faultsOfRights(service: ComposeService): string[] {
  const rules: [boolean, string][] = [
    [service.ports.every((port) => port.startsWith("127.0.0.1:")), "a port is open to other machines"],
    [service.read_only, "its file system can be written to"],
    [service.cap_drop.includes("ALL"), "it keeps capabilities"],
    [service.security_opt.includes("no-new-privileges:true"), "it may gain privileges"],
    [/:\d+\.\d+/.test(service.image), "its image has no version"],
  ];
  return rules.filter(([holds]) => !holds).map(([, message]) => message);
}
