/** What infra/images/function.Dockerfile sets for every function, and says why: for those who measure and test without the image. */
export const functionEnvironment: Readonly<Record<string, string>> = {
  BUN_JSC_useJIT: "0",
  MIMALLOC_PURGE_DELAY: "0",
};
