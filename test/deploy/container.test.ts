import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { createServer } from "node:http"
import { dirname, join, relative } from "node:path"
import packageJson from "../../package.json" with { type: "json" }
import { defaults } from "../../src/config/defaults.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { until } from "../until.ts"
import { imports, instruction, read, root, service, stages } from "./repository.ts"

/** All phases of a stop, should each take all of its time: feeds, files, writers, the journal, uploads, the log. */
const longestStopSecs = defaults.shutdown.websocket_secs + 2 * defaults.shutdown.storage_secs + 4 +
  defaults.shutdown.upload_secs

const copied = (): ReadonlyArray<string> =>
  stages().flat().filter((line) => line.startsWith("COPY ") && !line.includes("--from=")).flatMap((line) =>
    line.split(" ").slice(1, -1)
  )

const port = /METRICS_PORT=(\d+)/.exec(instruction("ENV"))?.[1]

/** Runs HEALTHCHECK as Docker would, against a port of this machine. */
const healthcheck = (portToAsk: number) =>
  Effect.callback<number | null>((resume) => {
    const [, , script = ""]: ReadonlyArray<string> = JSON.parse(instruction("HEALTHCHECK").replace(/^.* CMD /, ""))
    const child = spawn(process.execPath, ["-e", script], { env: { METRICS_PORT: String(portToAsk) } })
    child.once("exit", (code) => resume(Effect.succeed(code)))
  })

/** A server that answers every request so; its port. */
const answering = (status: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer((_, response) => response.writeHead(status).end("{}"))
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    ),
    (server) => {
      const address = server.address()
      return { server, port: address !== null && typeof address === "object" ? address.port : 0 }
    }
  )

/** A port that nobody listens on. */
const freePort = Effect.scoped(Effect.map(answering(200), (server) => server.port))

describe("Dockerfile", () => {
  it("runs the Node that the tests run", () => {
    for (const [from = ""] of stages()) {
      assert.match(from, new RegExp(`^FROM node:${packageJson.devDependencies.node}-`))
    }
  })

  it("has every package that src imports; DuckDB, which it leaves out, is loaded by the demo alone", () => {
    assert.match(stages().flat().join("\n"), /npm ci --omit=dev --omit=optional/)
    const packages = imports().filter(({ from }) => !from.startsWith(".") && !from.startsWith("node:"))
    assert.isAbove(packages.length, 50)
    const missing = packages.filter(({ from }) =>
      !Object.keys(packageJson.dependencies).some((name) => from === name || from.startsWith(`${name}/`))
    )
    assert.deepStrictEqual(missing, [{ file: "src/cli/Duckdb.ts", from: "@duckdb/node-api" }])
  })

  it("has every file that src imports, and .dockerignore lets them through and nothing else", () => {
    const outside = imports().filter(({ from }) => from.startsWith(".")).map(({ file, from }) =>
      relative(".", join(dirname(file), from))
    ).filter((path) => !path.startsWith("src/"))
    assert.includeMembers([...copied()], ["src", "config.toml", ...outside])
    const ignore = read(".dockerignore").split("\n").filter((line) => line !== "" && !line.startsWith("#"))
    assert.deepStrictEqual(
      ignore.toSorted(),
      ["*", ...new Set(copied().map((path) => `!${path}`))].toSorted()
    )
  })

  it("runs as nobody special, and node itself gets the signal", () => {
    assert.strictEqual(instruction("USER"), "1000:1000")
    assert.deepStrictEqual(JSON.parse(instruction("ENTRYPOINT")), ["node", "--max-semi-space-size=16", "src/main.ts"])
    assert.strictEqual(instruction("STOPSIGNAL"), "SIGTERM")
    assert.strictEqual(instruction("EXPOSE"), port)
    assert.deepStrictEqual(
      JSON.parse(instruction("VOLUME")),
      ["data", "logs"].map((folder) => `${instruction("WORKDIR")}/${folder}`)
    )
    for (const path of [defaults.storage.data_dir, defaults.storage.local_path, defaults.logging.dir]) {
      assert.match(path, /^(data|logs)(\/|$)/)
    }
  })

  it.live("HEALTHCHECK is 0 while a recorder records, and 1 when it answers 503 or not at all", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-container-" })
      const simulator = yield* Simulator.make({ rate: 100 })
      yield* fs.writeFileString(
        `${folder}/config.toml`,
        `[[markets]]\nexchange = "okx"\nsymbols = ["BTC-USDT"]\nbase_url = "${simulator.baseUrl("okx")}"\n`
      )
      const own = yield* freePort
      const command: ReadonlyArray<string> = JSON.parse(instruction("CMD"))
      const recorder = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, [join(root, "src/main.ts"), ...command], {
            cwd: folder,
            env: { METRICS_HOST: "127.0.0.1", METRICS_PORT: String(own) },
            stdio: "ignore"
          })
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      let ended: number | null = null
      recorder.once("exit", (code) => {
        ended = code ?? -1
      })
      yield* simulator.until((ledger) => ledger.count > 50)
      assert.strictEqual(yield* healthcheck(own), 0)
      recorder.kill("SIGTERM")
      yield* until(() => ended !== null)
      assert.strictEqual(ended, 0)
      assert.strictEqual(yield* healthcheck(own), 1)
      assert.strictEqual(yield* healthcheck((yield* answering(503)).port), 1)
    }).pipe(Effect.provide(NodeServices.layer)))
})

describe("docker-compose.yml", () => {
  const recorder = service("recorder")

  it("gives a stop more time than it may take", () => {
    const grace = Number(/stop_grace_period: (\d+)s/.exec(recorder)?.[1])
    assert.isAbove(grace, longestStopSecs)
  })

  it("hands every variable of .env.example to the recorder, but those that are not for it", () => {
    const named = [...read(".env.example").matchAll(/^# ([A-Z_]+)=/gm)].map((match) => match[1] ?? "")
    const handed = [...recorder.matchAll(/^ {6}([A-Z_]+): \$\{\1:-\}$/gm)].map((match) => match[1] ?? "")
    const own = new Set([
      "CONFIG_PATH",
      "METRICS_HOST",
      "METRICS_PORT",
      "DATA_DIR",
      "COINBASE_API_SECRET_FILE",
      "TICKLAKE_USER",
      "PROMETHEUS_RETENTION",
      "GRAFANA_ADMIN_PASSWORD"
    ])
    assert.sameMembers(handed, named.filter((name) => !own.has(name)))
  })

  it("publishes on 127.0.0.1 alone, the recorder at the port that the image serves", () => {
    const published = [...read("docker-compose.yml").matchAll(/^ {6}- (\S+):(\d+):(\d+)$/gm)].map((match) => match[1])
    assert.deepStrictEqual([...new Set(published)], ["127.0.0.1"])
    assert.include(recorder, `127.0.0.1:9090:${port}`)
  })

  it("starts the store by its profile alone", () => {
    assert.include(service("seaweedfs"), "profiles: [s3]")
    assert.notInclude(recorder, "seaweedfs")
  })

  it("pins every image", () => {
    const images = [...read("docker-compose.yml").matchAll(/^ +image: (.+)$/gm)].map((match) => match[1] ?? "")
    assert.isAbove(images.length, 4)
    for (const image of images.filter((name) => name !== "ticklake:local")) assert.match(image, /:v?\d+\.\d+(\.\d+)?$/)
  })

  const compose = spawnSync("docker-compose", ["version"]).status === 0
  it.effect.skipIf(!compose)(
    "is what docker-compose understands, without .env, with an empty one, and with all of it",
    () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-compose-" })
        yield* fs.copyFile(`${root}docker-compose.yml`, `${folder}/docker-compose.yml`)
        const understand = () => {
          const { status, stderr, stdout } = spawnSync("docker-compose", ["--profile", "s3", "config", "--services"], {
            cwd: folder,
            encoding: "utf8",
            env: { PATH: process.env["PATH"] }
          })
          assert.strictEqual(status, 0, stderr)
          assert.strictEqual(stderr, "")
          const services = ["folders", "grafana", "node-exporter", "prometheus", "recorder", "seaweedfs"]
          assert.deepStrictEqual(stdout.trim().split("\n").toSorted(), services)
        }
        understand()
        yield* fs.writeFileString(`${folder}/.env`, "")
        understand()
        yield* fs.writeFileString(`${folder}/.env`, read(".env.example").replaceAll(/^# (?=[A-Z_]+=)/gm, ""))
        understand()
      }).pipe(Effect.provide(NodeServices.layer))
  )
})
