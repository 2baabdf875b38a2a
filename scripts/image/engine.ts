import type { TestProcess } from "../../services/testing/with-process.ts";
import { buildahEngine } from "./engines/buildah.ts";
import { dockerEngine } from "./engines/docker.ts";

/** An image to build. */
export type ImageSource = {
  readonly tag: string;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
};

/** What an image says of itself. */
export type ImageFacts = {
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
};

/** How a container is started. */
export type ContainerStart = {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folders of this machine that it may read, by the path it sees them at. */
  readonly mounts: Readonly<Record<string, string>>;
};

/** What builds and runs images here. */
export type Engine = {
  readonly name: string;
  readonly build: (image: ImageSource) => Promise<void>;
  readonly inspect: (tag: string) => Promise<ImageFacts>;
  /** Bytes of the image as a registry would hold it: its layers, compressed. */
  readonly compressedBytes: (tag: string) => Promise<number>;
  /** Runs one on this machine's network, with a file system that it cannot write to and without any capability. */
  readonly start: (tag: string, start: ContainerStart) => Promise<TestProcess>;
};

/**
 * Gives the first of docker, podman and buildah that works here.
 *
 * @throws Error that says what to install.
 */
export async function findEngine(): Promise<Engine> {
  const engines = [dockerEngine("docker"), dockerEngine("podman"), buildahEngine];
  for (const { engine, works } of engines) if (await works()) return engine;
  throw new Error(
    "Cannot build images: neither docker, podman nor buildah (with bubblewrap) works here. Start one of them, or install it.",
  );
}
