import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { spawn } from "node:child_process"
import { readFileSync, rmSync } from "node:fs"
import { DataFolderLock, lockFolder } from "../../src/runtime/DataFolderLock.ts"
import { until } from "../until.ts"

const main = new URL("../../src/main.ts", import.meta.url).pathname

const recording = /recording \d+ feeds\n/

/** Runs a command; `onRecording` is called once, when it says that it records. */
const ticklake = (args: ReadonlyArray<string>, onRecording: (pid: number) => void = () => {}) =>
  Effect.gen(function*() {
    const end = { said: "", code: undefined as number | null | undefined }
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [main, ...args])),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const hear = (chunk: Buffer) => {
      const before = end.said
      end.said += chunk.toString()
      if (recording.test(end.said) && !recording.test(before)) onRecording(child.pid!)
    }
    child.stdout.on("data", hear)
    child.stderr.on("data", hear)
    child.on("close", (code) => {
      end.code = code
    })
    yield* until(() => end.code !== undefined)
    return end
  })

/** A configuration whose only venue is nobody, in a folder of its own. */
const configured = Effect.fnUntraced(function*(dataDir = "recording") {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-exit-" })
  const path = `${folder}/config.toml`
  yield* fs.writeFileString(
    path,
    `storage = { data_dir = "${folder}/${dataDir}", local_path = "${folder}/archive" }
[[markets]]
exchange = "okx"
symbols = ["BTC-USDT"]
base_url = "ws://127.0.0.1:1"
`
  )
  return { folder, path }
})

const ends =
  (code: number, said: RegExp) => (end: { readonly code?: number | null | undefined; readonly said: string }) => {
    assert.strictEqual(end.code, code, end.said)
    assert.match(end.said, said)
    assert.notMatch(end.said, /at .*\.ts:\d+/)
  }

const environment = NodeServices.layer

describe("exit codes", () => {
  it("are those of the table in README.md", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")
    const [, table = ""] = /\n\| exit code [^\n]*\n\| -[^\n]*\n((?:\|[^\n]*\n)+)/.exec(readme) ?? []
    const codes = table.trim().split("\n").map((row) => Number(row.split("|")[1]))
    assert.deepStrictEqual(codes, [0, 1, 2, 69, 73, 75, 78, 130])
  })

  it.live("0: what was asked for was done", () =>
    Effect.gen(function*() {
      const { path } = yield* configured()
      ends(0, /okx\s+BTC-USDT/)(yield* ticklake(["check", "--config", path]))
      ends(0, /SUBCOMMANDS|COMMANDS/i)(yield* ticklake(["--help"]))
    }).pipe(Effect.provide(environment)))

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it.live(`0: a stop by ${signal}`, () =>
      Effect.gen(function*() {
        const { path } = yield* configured()
        const end = yield* ticklake(["run", "--config", path], (pid) => process.kill(pid, signal))
        ends(0, /stopping uploads: [01] files? stored, 0 left/)(end)
      }).pipe(Effect.provide(environment)))
  }

  it.live("1: a command line that is not understood", () =>
    Effect.gen(function*() {
      ends(1, /rnu/)(yield* ticklake(["rnu"]))
      ends(1, /--venue: "kraken" is no venue/)(yield* ticklake(["simulate", "--venue", "kraken"]))
    }).pipe(Effect.provide(environment)))

  it.live("1: a failure, such as a data folder that is taken away", () =>
    Effect.gen(function*() {
      const { folder, path } = yield* configured()
      const end = yield* ticklake(["run", "--config", path], () =>
        rmSync(`${folder}/recording/${lockFolder}`, { recursive: true }))
      ends(1, /the claim on .* was taken away/)(end)
      assert.match(end.said, /stopping sinks: /)
    }).pipe(Effect.provide(environment)))

  it.live("2: fsck finds no data folder", () =>
    Effect.gen(function*() {
      const { folder } = yield* configured()
      ends(2, /name the data_dir of a recorder/)(yield* ticklake(["fsck", folder]))
      ends(2, /name the data_dir of a recorder/)(yield* ticklake(["fsck", `${folder}/missing`]))
    }).pipe(Effect.provide(environment)))

  it.live("73: the data folder cannot be written", () =>
    Effect.gen(function*() {
      const { path } = yield* configured("config.toml/recording")
      ends(73, /cannot be used: .*config\.toml/)(yield* ticklake(["run", "--config", path]))
    }).pipe(Effect.provide(environment)))

  it.live("75: another recorder owns the data folder", () =>
    Effect.gen(function*() {
      const { folder, path } = yield* configured()
      yield* Layer.build(DataFolderLock.layer(`${folder}/recording`))
      ends(75, new RegExp(`in use by process ${process.pid}`))(yield* ticklake(["run", "--config", path]))
    }).pipe(Effect.provide(environment)))

  it.live("78: the configuration is wrong, for every command that reads it", () =>
    Effect.gen(function*() {
      const { folder } = yield* configured()
      for (const command of ["run", "check", "fsck"]) {
        ends(78, /a file that exists/)(yield* ticklake([command, "--config", `${folder}/missing.toml`]))
      }
    }).pipe(Effect.provide(environment)))
})
