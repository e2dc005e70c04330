/**
 * Several recorders that share one configuration, against one simulator: `npm run bench:shards -- [feeds] [seconds] [processes]`.
 * Says what each takes, and ends with 1 where a feed is not recorded by exactly one of them, or a row is missing or twice.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Clock, Console, Effect, FileSystem, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { alignedTable } from "../../src/cli/alignedTable.ts"
import { readRows } from "../../src/cli/readRows.ts"
import { configText } from "../../src/cli/simulate/handle.ts"
import { type Venue, venues } from "../../src/domain/Venue.ts"
import { audit } from "../../src/simulator/audit.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"

const main = new URL("../../src/main.ts", import.meta.url).pathname
const numbers = process.argv.slice(2).map(Number)
if (numbers.length > 3 || !numbers.every((number) => Number.isInteger(number) && number > 0)) {
  console.error("npm run bench:shards -- [feeds] [seconds] [processes], each a whole number above 0")
  process.exit(1)
}
const [feeds = 4000, seconds = 20, processes = 4] = numbers
/** Of each symbol: so many changes of its book, and trades beside them. */
const stepsPerSecond = 2
const ticksPerSecond = 100

class Trouble extends Schema.TaggedError<Trouble>()("Trouble", { text: Schema.String }) {
  override get message() {
    return this.text
  }
}

const written: Readonly<Record<Venue, (coin: string) => string>> = {
  binance: (coin) => `${coin.toLowerCase()}usdt`,
  coinbase: (coin) => `${coin}-USD`,
  upbit: (coin) => `KRW-${coin}`,
  okx: (coin) => `${coin}-USDT`,
  bybit: (coin) => `${coin}USDT`
}

const Health = Schema.Struct({
  shard: Schema.Struct({ index: Schema.Int, count: Schema.Int }),
  connections: Schema.Struct({ up: Schema.Int, total: Schema.Int }),
  messages_dropped: Schema.Int,
  feeds: Schema.Array(Schema.Struct({ exchange: Schema.String, symbol: Schema.String, data_type: Schema.String }))
})
const decodeHealth = Schema.decodeUnknownSync(Health)

/** CPU seconds and memory of a process so far. */
const usage = (pid: number) => {
  // The name of the program, in brackets, may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ")
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    rssMegabytes: Number(kilobytes) / 1024
  }
}

const until = <E>(done: Effect.Effect<boolean, E>, everyMillis = 500) =>
  Effect.repeat(done, { schedule: Schedule.spaced(everyMillis), until: (it) => it })

/** One recorder: a process with an index, a data folder, a log and a port of its own; all else is shared. */
const start = Effect.fnUntraced(function*(folder: string, index: number) {
  const fs = yield* FileSystem.FileSystem
  const own = `${folder}/${index}`
  yield* fs.makeDirectory(own)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [main, "run", "--config", `${folder}/config.toml`], {
        cwd: own,
        env: {
          PATH: process.env["PATH"],
          SHARD_INDEX: `recorder-${index}`,
          SHARD_COUNT: String(processes),
          DATA_DIR: `${own}/recording`,
          METRICS_PORT: "0"
        }
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const state = { said: "", code: null as number | null, ended: false }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      state.said += chunk.toString()
    })
  }
  child.on("exit", (code) => {
    state.code = code
    state.ended = true
  })
  const lives = Effect.suspend(() =>
    state.ended ? Effect.fail(new Trouble({ text: `recorder ${index} ended:\n${state.said}` })) : Effect.void
  )
  const served = Effect.map(lives, () => /http:\/\/127\.0\.0\.1:\d+/.exec(state.said)?.[0] ?? null)
  yield* until(Effect.map(served, (url) => url !== null), 50)
  const url = yield* served
  const health = Effect.andThen(
    lives,
    Effect.tryPromise({
      try: async () => decodeHealth(await (await fetch(`${url}/health`)).json()),
      catch: (cause) => new Trouble({ text: `recorder ${index} does not say how it is: ${String(cause)}` })
    })
  )
  return { child, index, state, health, usage: () => usage(child.pid ?? 0) }
})

const bench = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-shards-" })
  const perVenue = Math.ceil(feeds / 2 / venues.length)
  const coins = Array.from({ length: perVenue }, (_, coin) => `C${coin}`)
  const symbols = (venue: Venue) => coins.map(written[venue])
  const all = new Set(venues.flatMap((venue) =>
    coins.flatMap((coin) => {
      const symbol = written[venue](coin).toLowerCase().replace("-", "")
      return [`${venue}/${symbol}/orderbook`, `${venue}/${symbol}/trade`]
    })
  ))
  const simulator = yield* Simulator.make({
    symbols: Object.fromEntries(venues.map((venue) => [venue, symbols(venue)])),
    rate: stepsPerSecond,
    tickMillis: 50,
    coinbaseLevels: 20,
    tapeLength: 1000
  })
  yield* fs.writeFileString(
    `${folder}/config.toml`,
    // The defaults are for a stop with fewer feeds, or with a disk that is not shared with all the others.
    `storage = { local_path = "${folder}/archive" }\nshutdown = { storage_secs = 600, upload_secs = 600 }\nupload = { queue_capacity = 10000 }\n${
      configText(venues, symbols, simulator.baseUrl)
    }\n`
  )
  yield* Console.log(`${all.size} feeds over ${processes} processes, ${stepsPerSecond} changes a second of each book`)

  const startedAt = yield* Clock.currentTimeMillis
  const recorders = yield* Effect.forEach(
    Array.from({ length: processes }, (_, index) => index),
    (index) => start(folder, index),
    { concurrency: "unbounded" }
  )
  let toldAt = startedAt
  const connected = Effect.gen(function*() {
    const answers = yield* Effect.forEach(recorders, ({ health }) => health)
    const up = answers.reduce((sum, { connections }) => sum + connections.up, 0)
    const now = yield* Clock.currentTimeMillis
    if (now - toldAt > 15_000) {
      toldAt = now
      yield* Console.log(`${Math.round((now - startedAt) / 1000)} s: ${up} connected`)
    }
    return up === all.size && answers.every(({ connections }) => connections.up === connections.total)
  })
  yield* until(connected, 2000).pipe(
    Effect.timeoutOrElse({
      duration: "15 minutes",
      orElse: () => Effect.fail(new Trouble({ text: "not all feeds were connected within 15 minutes" }))
    })
  )
  const connectedAt = yield* Clock.currentTimeMillis
  yield* Console.log(`all connected ${((connectedAt - startedAt) / 1000).toFixed(0)} s after the start`)

  const before = recorders.map((each) => each.usage())
  const simulatorBefore = process.cpuUsage()
  const sentBefore = simulator.ledger.count
  yield* Effect.sleep(seconds * 1000)
  const spanSeconds = ((yield* Clock.currentTimeMillis) - connectedAt) / 1000
  const after = recorders.map((each) => each.usage())
  const simulatorCpu = process.cpuUsage(simulatorBefore)
  const sent = simulator.ledger.count - sentBefore
  const answers = yield* Effect.forEach(recorders, ({ health }) => health)

  yield* simulator.stopTraffic
  yield* simulator.flushed
  for (const { child } of recorders) child.kill("SIGTERM")
  yield* until(Effect.sync(() => recorders.every(({ state }) => state.ended)))
  const stoppedMillis = (yield* Clock.currentTimeMillis) - connectedAt - spanSeconds * 1000

  const percent = (cpuSeconds: number) => `${(100 * cpuSeconds / spanSeconds).toFixed(0)} %`
  yield* Console.log(`\n${
    alignedTable(
      [
        ["process", "feeds", "CPU", "memory", "dropped"],
        ...recorders.map(({ index }) => [
          `shard ${index}`,
          String(answers[index]?.feeds.length),
          percent(after[index]!.cpuSeconds - before[index]!.cpuSeconds),
          `${after[index]!.rssMegabytes.toFixed(0)} MB`,
          String(answers[index]?.messages_dropped)
        ]),
        [
          "simulator",
          "",
          percent((simulatorCpu.user + simulatorCpu.system) / 1e6),
          `${usage(process.pid).rssMegabytes.toFixed(0)} MB`,
          ""
        ]
      ],
      ["feeds", "CPU", "memory", "dropped"]
    )
  }\n`)
  yield* Console.log(
    `${Math.round(sent / spanSeconds)} events a second over ${spanSeconds.toFixed(0)} s; stopped and stored in ${
      (stoppedMillis / 1000).toFixed(1)
    } s`
  )

  for (const { index, state } of recorders) {
    for (const line of state.said.split("\n").filter((each) => /stopping .*, [\d.]+ s$/.test(each))) {
      yield* Console.log(`shard ${index}: ${line.replace(/^\S+ +\S+ +/, "")}`)
    }
  }

  const owners = new Map<string, Array<number>>()
  answers.forEach((answer, index) => {
    for (const { data_type, exchange, symbol } of answer.feeds) {
      const id = `${exchange}/${symbol}/${data_type}`
      owners.set(id, [...owners.get(id) ?? [], index])
    }
  })
  const rows = yield* readRows(`${folder}/archive`)
  const { ledger } = simulator
  const audits = audit(ledger.entries(), ledger.connections(), rows)
  const problems = [
    ...recorders.filter(({ state }) => state.code !== 0).map(({ index, state }) =>
      `shard ${index} ended with ${state.code}`
    ),
    ...[...all].filter((id) => owners.get(id)?.length !== 1).map((id) =>
      `${id} is recorded by ${owners.get(id)?.join(" and ") ?? "nobody"}`
    ),
    ...[...owners.keys()].filter((id) => !all.has(id)).map((id) => `${id} was not configured`),
    ...[...all].filter((id) => !audits.some(({ feedId, recorded }) => feedId === id && recorded > 0)).map((id) =>
      `${id} has no rows`
    ),
    ...audits.filter(({ lostWithConnection, missing }) => missing.length + lostWithConnection.length > 0).map(
      ({ feedId, lostWithConnection, missing }) => `${feedId} lacks ${missing.length + lostWithConnection.length} rows`
    ),
    ...audits.filter(({ surplus }) => surplus.length > 0).map(({ feedId, surplus }) =>
      `${feedId} has ${surplus.length} rows too many`
    )
  ]
  yield* Console.log(
    `${ledger.count} events sent, ${rows.length} rows in files, ${ledger.connections().length} connections`
  )
  if (problems.length > 0) {
    return yield* new Trouble({ text: [...problems.slice(0, 20), `${problems.length} problems`].join("\n") })
  }
  yield* Console.log("each feed was recorded by one process, nothing is missing, nothing is there twice")
})

NodeRuntime.runMain(Effect.scoped(bench).pipe(Effect.provide(NodeServices.layer)))
