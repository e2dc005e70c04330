import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { spawn } from "node:child_process"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { until } from "../until.ts"
import { listens } from "./process.ts"

const main = new URL("../../src/main.ts", import.meta.url).pathname

/** Lets whatever imports the package `effect` wait for ever, as if that were a very slow disk. */
const hooks =
  "export const resolve = (name, context, next) => name.startsWith('effect') ? new Promise(() => {}) : next(name, context)"
const neverLoads = `import { register } from "node:module"
setInterval(() => {}, 1e9)
register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)})`

const run = (args: ReadonlyArray<string>, cwd: string) =>
  Effect.gen(function*() {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, args, { cwd, stdio: "pipe" })),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const end = { said: "", code: undefined as number | null | undefined }
    child.stderr.on("data", (chunk: Buffer) => {
      end.said += chunk.toString()
    })
    child.on("close", (code) => {
      end.code = code
    })
    yield* until(() => end.code !== undefined || listens(child.pid!))
    return { child, end }
  })

const config = (folder: string, url: string) =>
  `storage = { data_dir = "${folder}/recording", local_path = "${folder}/archive" }
[[markets]]
exchange = "okx"
symbols = ["BTC-USDT"]
base_url = "${url}"
`

describe.runIf(process.platform === "linux")("a signal while the program still starts", () => {
  it.live(
    "is a requested stop at any moment: exit code 0, and the data folder is nobody's",
    () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const simulator = yield* Simulator.make({ rate: 100 })
        const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-early-" })
        yield* fs.writeFileString(`${folder}/config.toml`, config(folder, simulator.baseUrl("okx")))
        const moments = [0, 50, 150, 250, 350, 500, 700, 1000]
        for (const [index, millis] of moments.entries()) {
          const { child, end } = yield* run([main, "run", "--config", `${folder}/config.toml`], folder)
          yield* Effect.sleep(millis)
          child.kill(index % 2 === 0 ? "SIGTERM" : "SIGINT")
          yield* until(() => end.code !== undefined)
          assert.strictEqual(end.code, 0, `after ${millis} ms: ${end.said}`)
          const claims = yield* fs.readDirectory(`${folder}/recording/.lock`).pipe(Effect.orElseSucceed(() => []))
          assert.deepStrictEqual(claims, [], `after ${millis} ms`)
        }
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live("is heard before anything is loaded", () =>
    Effect.gen(function*() {
      const preload = `data:text/javascript,${encodeURIComponent(neverLoads)}`
      const { child, end } = yield* run(["--import", preload, main, "run"], "/")
      child.kill("SIGTERM")
      yield* until(() => end.code !== undefined)
      assert.strictEqual(end.code, 0, end.said)
    }))
})
