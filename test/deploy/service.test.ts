import { assert, describe, it } from "@effect/vitest"
import { Runtime } from "effect"
import { spawnSync } from "node:child_process"
import { ConfigError } from "../../src/config/ConfigError.ts"
import { defaults } from "../../src/config/defaults.ts"
import { read, root } from "./repository.ts"

const unit = read("deploy/ticklake.service")
const setting = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1]

describe("deploy/ticklake.service", () => {
  it("gives a stop more time than it may take", () => {
    const { storage_secs, upload_secs, websocket_secs } = defaults.shutdown
    assert.isAbove(Number(setting("TimeoutStopSec")), websocket_secs + 2 * storage_secs + 4 + upload_secs)
  })

  it("does not try again with a wrong configuration", () => {
    const error = new ConfigError({ file: "config.toml", problems: [] })
    assert.strictEqual(setting("RestartPreventExitStatus"), String(error[Runtime.errorExitCode]))
  })

  it("is reloaded by the signal that the recorder takes for that", () => {
    assert.strictEqual(setting("ExecReload"), "/bin/kill -HUP $MAINPID")
    assert.strictEqual(setting("RestartForceExitStatus"), "SIGHUP")
  })

  const offline = spawnSync("systemd-analyze", ["security", "--offline=true", "--no-pager", "--help"]).status === 0
  it.skipIf(!offline)("exposes little, as systemd reckons", () => {
    // In tenths; 10 is a service without any hardening.
    const { status, stderr, stdout } = spawnSync("systemd-analyze", [
      "security",
      "--offline=true",
      "--no-pager",
      "--threshold=20",
      `${root}deploy/ticklake.service`
    ], { encoding: "utf8" })
    assert.strictEqual(status, 0, `${stderr}${stdout.split("\n").at(-2)}`)
    assert.include(stdout, "Overall exposure level")
    assert.notMatch(stderr, /Unknown|Invalid|Failed/)
  })
})
