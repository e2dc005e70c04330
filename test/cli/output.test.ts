import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { execFile, spawn } from "node:child_process"
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs"
import { until } from "../until.ts"

const main = new URL("../../src/main.ts", import.meta.url).pathname

const config = (folder: string) =>
  `storage = { data_dir = "${folder}/recording", local_path = "${folder}/archive" }
logging = { dir = "${folder}/logs" }
http = { port = 0 }
[[markets]]
exchange = "okx"
symbols = ["BTC-USDT"]
base_url = "ws://127.0.0.1:1"
`

/** What the log files in `folder` hold so far. */
const logOf = (folder: string): string => {
  try {
    return readdirSync(`${folder}/logs`).map((name) => readFileSync(`${folder}/logs/${name}`, "utf8")).join("")
  } catch {
    return ""
  }
}

const configured = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-output-" })
  yield* fs.writeFileString(`${folder}/config.toml`, config(folder))
  return folder
})

describe.runIf(process.platform === "linux")("the output of a command", () => {
  it.live("on a disk that is full keeps no recorder from recording", () =>
    Effect.gen(function*() {
      const folder = yield* configured
      const full = yield* Effect.acquireRelease(
        Effect.sync(() => openSync("/dev/full", "w")),
        (fd) => Effect.sync(() => closeSync(fd))
      )
      const end = { code: undefined as number | null | undefined }
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, [main, "run", "--config", `${folder}/config.toml`], { stdio: ["ignore", full, full] })
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      child.on("close", (code) => {
        end.code = code
      })
      yield* until(() => end.code !== undefined || /next attempt in/.test(logOf(folder)))
      assert.isUndefined(end.code)
      child.kill("SIGTERM")
      yield* until(() => end.code !== undefined)
      assert.strictEqual(end.code, 0)
      assert.match(logOf(folder), /stopping uploads: /)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("into a pipe whose reader is slow is whole, whatever the exit code", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* configured
      yield* fs.makeDirectory(`${folder}/archive`)
      for (let i = 0; i < 600; i++) yield* fs.writeFileString(`${folder}/archive/${"x".repeat(150)}${i}.parquet`, "no")
      const inspect = `"${process.execPath}" "${main}" inspect "${folder}/archive" --json --files`
      const text = yield* Effect.promise(() =>
        new Promise<string>((resolve) =>
          execFile("sh", ["-c", `(${inspect}; echo $? > "${folder}/code") | (sleep 3; cat)`], (_, stdout) =>
            resolve(stdout))
        )
      )
      assert.isAbove(text.length, 65_536)
      assert.doesNotThrow(() =>
        JSON.parse(text)
      )
      assert.strictEqual(readFileSync(`${folder}/code`, "utf8"), "1\n")
    }).pipe(Effect.provide(NodeServices.layer)))
})
