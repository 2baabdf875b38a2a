import { expect, test } from "bun:test";
import { settingFaults } from "../kit/settings.ts";
import { sendEmailLinkSettings } from "./config.ts";

test.each(["web", "0", "65536"])("a LOCAL_APP_PORT that is none, %s, is told of once", (port) => {
  const env = { GRAPHQL_URL: "http://api.test", SEND_EMAIL_LINK_DRY_RUN: "true", LOCAL_APP_PORT: port };
  expect(settingFaults(sendEmailLinkSettings, env)).toEqual([
    `LOCAL_APP_PORT: expected a port from 1 to 65535 (given: "${port}")`,
  ]);
});
