import { Effect, FileSystem } from "effect"
import { spawn } from "node:child_process"
import { createServer } from "node:net"
import { until } from "../until.ts"

const accessKey = "ticklake"
const secretKey = "seaweed-secret"

/** As many free ports as asked for, all low enough to leave room for the gRPC port that SeaweedFS adds 10,000 for. */
const freePorts = (count: number) =>
  Effect.callback<ReadonlyArray<number>>((resume) => {
    const servers = Array.from({ length: count }, () => createServer())
    const ports: Array<number> = []
    for (const server of servers) {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        if (address !== null && typeof address === "object") ports.push(address.port)
        if (ports.length < count) return
        for (const each of servers) each.close()
        resume(Effect.succeed(ports))
      })
    }
  })

/** Starts SeaweedFS on loopback, with one key and no buckets, and ends it with the scope. */
export const make = Effect.fnUntraced(function*(binary: string) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-weed-" })
  const identities = [{
    name: "recorder",
    credentials: [{ accessKey, secretKey }],
    actions: ["Admin", "Read", "Write", "List"]
  }]
  yield* fs.writeFileString(`${folder}/s3.json`, JSON.stringify({ identities }))
  yield* fs.makeDirectory(`${folder}/data`)
  const [master, masterRpc, volume, volumeRpc, filer, filerRpc, s3, s3Rpc] = yield* freePorts(8)
  const weed = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(binary, [
        "server",
        `-dir=${folder}/data`,
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        `-master.port=${master}`,
        `-master.port.grpc=${masterRpc}`,
        "-master.electionTimeout=1s",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
        `-volume.port=${volume}`,
        `-volume.port.grpc=${volumeRpc}`,
        "-volume.max=1000",
        `-filer.port=${filer}`,
        `-filer.port.grpc=${filerRpc}`,
        `-filer.localSocket=${folder}/filer.sock`,
        "-s3",
        `-s3.port=${s3}`,
        `-s3.port.grpc=${s3Rpc}`,
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        `-s3.config=${folder}/s3.json`,
        "-s3.autoCreateBucket=false"
      ], { stdio: ["ignore", "ignore", "pipe"], cwd: folder })
    ),
    (weed) =>
      Effect.callback<void>((resume) => {
        if (weed.exitCode !== null) return resume(Effect.void)
        weed.once("exit", () => resume(Effect.void))
        weed.kill("SIGKILL")
      })
  )
  let said = ""
  let failed: string | null = null
  weed.stderr.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-4000)
  })
  weed.once("error", (error) => {
    failed = error.message
  })
  weed.once("exit", (code) => {
    failed ??= `it ended with ${code}: ${said}`
  })
  const endpoint = `http://127.0.0.1:${s3}`
  let ready = false
  // Without a signature it answers 403 as soon as all of it is up.
  const ask = Effect.promise(() => fetch(endpoint).then(({ status }) => status === 403 || status === 200, () => false))
  yield* Effect.raceFirst(
    ask.pipe(
      Effect.tap((answer) =>
        Effect.sync(() => {
          ready = answer
        })
      ),
      Effect.delay("50 millis"),
      Effect.repeat({ until: (answer) => answer })
    ),
    until(() => failed !== null)
  )
  if (!ready) return yield* Effect.die(new Error(`SeaweedFS (${binary}) did not start: ${failed}`))
  return { endpoint, accessKey, secretKey }
})
