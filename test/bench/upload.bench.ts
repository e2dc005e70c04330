/** Time, CPU, memory and stalls of uploading to the stand-in in another process: `node --expose-gc test/bench/upload.bench.ts`. */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer, Logger, Path, Redacted, Schedule } from "effect"
import { fork } from "node:child_process"
import { randomBytes } from "node:crypto"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { ObjectStore } from "../../src/upload/ObjectStore.ts"
import * as S3Store from "../../src/upload/S3Store.ts"
import { Uploader } from "../../src/upload/Uploader.ts"
import * as s3StandIn from "../upload/s3StandIn.ts"

const megabyte = 1_000_000
const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0)

/** Runs `self` and prints what it cost this process. */
const measured = <A, E, R>(name: string, bytes: number, self: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    let peak = before
    const stalls = monitorEventLoopDelay({ resolution: 1 })
    stalls.enable()
    const cpu = process.cpuUsage()
    const startedAt = performance.now()
    const sample = Effect.sync(() => {
      peak = Math.max(peak, process.memoryUsage().rss)
    }).pipe(Effect.repeat(Schedule.spaced("100 millis")))
    yield* Effect.raceFirst(self, sample)
    const seconds = (performance.now() - startedAt) / 1000
    const { system, user } = process.cpuUsage(cpu)
    stalls.disable()
    console.log(
      `${name}: ${seconds.toFixed(2)} s, ${(bytes / megabyte / seconds).toFixed(0)} MB/s, CPU ${
        ((system + user) / 1e6).toFixed(2)
      } s, resident ${mebibytes(before)} -> at most ${mebibytes(peak)} MiB, event loop p99 ${
        (stalls.percentile(99) / 1e6).toFixed(1)
      } ms, max ${(stalls.max / 1e6).toFixed(1)} ms`
    )
  })

const measure = (endpoint: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const dataDir = yield* fs.makeTempDirectoryScoped()
    const store = S3Store.layer({
      region: "us-east-1",
      bucket: "market-data",
      endpoint,
      forcePathStyle: true,
      credentials: {
        accessKeyId: Redacted.make("AKIDTICKLAKE"),
        secretAccessKey: Redacted.make("very-secret-indeed")
      }
    })
    const folder = path.join(dataDir, "okx/btcusdt/trade/2026-03-14")
    yield* fs.makeDirectory(folder, { recursive: true })
    const content = randomBytes(megabyte)
    for (const [first, round] of [[0, "cold"], [200, "warm"]] as const) {
      for (let file = first; file < first + 200; file++) {
        yield* fs.writeFile(path.join(folder, `${file}.parquet`), content)
      }
      const all = Effect.flatMap(Telemetry, ({ uploads }) =>
        Effect.sync(() => uploads.stored).pipe(
          Effect.repeat({ schedule: Schedule.spaced("5 millis"), until: (stored) => stored === 200 })
        ))
      yield* measured(
        `200 files of 1 MB, ${round}`,
        200 * megabyte,
        all.pipe(
          Effect.provide(
            Uploader.layer({ dataDir }).pipe(Layer.provide(store), Layer.provideMerge(Layer.fresh(Telemetry.layer)))
          )
        )
      )
    }
    const big = path.join(dataDir, "big.parquet")
    for (let part = 0; part < 500; part++) yield* fs.writeFile(big, content, { flag: "a" })
    yield* measured(
      "one file of 500 MB",
      500 * megabyte,
      Effect.flatMap(ObjectStore, ({ put }) => put("okx/btcusdt/trade/2026-03-14/big.parquet", big)).pipe(
        Effect.provide(store)
      )
    )
  }).pipe(Effect.scoped, Effect.provide([NodeServices.layer, Logger.layer([])]))

if (process.argv[2] === "serve") {
  const serve = Effect.gen(function*() {
    const server = yield* s3StandIn.make({ keepsBodies: false })
    process.send?.(server.endpoint)
    return yield* Effect.never
  })
  await Effect.runPromise(Effect.scoped(serve))
} else {
  const server = fork(import.meta.filename, ["serve"])
  const endpoint = await new Promise<string>((resolve) => server.once("message", (message) => resolve(String(message))))
  await Effect.runPromise(measure(endpoint)).finally(() => server.kill())
}
