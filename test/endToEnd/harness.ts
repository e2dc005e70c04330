import { NodeServices } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import { Clock, Context, Effect, Exit, FileSystem, Layer, Path, Redacted, Scope } from "effect"
import * as App from "../../src/App.ts"
import { readRows } from "../../src/cli/readRows.ts"
import type { Config } from "../../src/config/Config.ts"
import { noOverrides } from "../../src/config/Overrides.ts"
import { resolveConfig } from "../../src/config/resolveConfig.ts"
import type { Shard } from "../../src/domain/Shard.ts"
import { type Venue, venues } from "../../src/domain/Venue.ts"
import type { Supervisor } from "../../src/feeds/Supervisor.ts"
import { audit, type FeedAudit } from "../../src/simulator/audit.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { defaults, type PartialSimulatorOptions } from "../../src/simulator/SimulatorOptions.ts"
import { Endpoint } from "../../src/telemetry/HttpServer.ts"
import * as Logging from "../../src/telemetry/Logging.ts"
import type { RecentLog } from "../../src/telemetry/RecentLog.ts"
import { type FeedStats, Telemetry } from "../../src/telemetry/Telemetry.ts"
import type { SinkStats } from "../../src/telemetry/SinkStats.ts"
import type { UploadStats } from "../../src/telemetry/UploadStats.ts"
import type { S3StandIn } from "../upload/s3StandIn.ts"
import { accountForTrades, assertAccounted } from "./accounting.ts"

export interface Options {
  readonly simulator?: PartialSimulatorOptions
  readonly venues?: ReadonlyArray<Venue>
  /** One symbol a venue where nothing is said. */
  readonly symbols?: Partial<Record<Venue, ReadonlyArray<string>>>
  /** Base URLs in place of the simulator's own. */
  readonly baseUrls?: Partial<Record<Venue, (simulator: Simulator.Simulator["Service"]) => string>>
  readonly queueCapacity?: number
  readonly storageSecs?: number
  readonly messageTimeoutSecs?: number
  /** Where sealed files go; the archive where nothing is said. */
  readonly storage?: { readonly mode: "s3" | "both"; readonly server: S3StandIn }
  /** How old a file becomes. */
  readonly maxFileAgeSecs?: number
  readonly uploadSecs?: number
  readonly websocketSecs?: number
  readonly uploadQueueCapacity?: number
  readonly uploadAttempts?: number
  /** Which of several processes it says it is; it records everything all the same. */
  readonly shard?: Shard
  /** The world hides trades on open connections (the fault `gap`): nobody can know of it where ids do not follow each other. */
  readonly hides?: boolean
  /** Anything else that is to be configured. */
  readonly configure?: (config: Config, simulator: Simulator.Simulator["Service"]) => Config
  /** What happens at the venues before the recorder starts. */
  readonly prepare?: (simulator: Simulator.Simulator["Service"]) => Effect.Effect<unknown>
  /** What the recorder goes by; the simulator goes by the true one. */
  readonly clock?: Clock.Clock
}

export interface World {
  readonly simulator: Simulator.Simulator["Service"]
  readonly config: Config
  /** What a recorder consists of that is asked to read its configuration again. */
  readonly context: Context.Context<Supervisor | Telemetry>
  /** Of metrics, health and the live page. */
  readonly url: string
  readonly feeds: () => ReadonlyArray<FeedStats>
  readonly feed: (id: string) => FeedStats
  /** Of every series, those of gaps included. */
  readonly sinks: () => ReadonlyArray<SinkStats>
  readonly uploads: UploadStats
  /** Lets the markets stand still, stops the recorder, and compares its files with the ledger. */
  readonly finish: Effect.Effect<ReadonlyArray<FeedAudit>>
  /** Stops the recorder as it is. */
  readonly shutDown: Effect.Effect<void>
  /** Stops the recorder as it is, and compares its files with the ledger. */
  readonly stop: Effect.Effect<ReadonlyArray<FeedAudit>>
  /** Another recorder in the same folders, after this one was stopped. */
  readonly again: Effect.Effect<World, never, Scope.Scope>
}

/** A recorder of the simulated venues in a temporary folder, with delays that suit a test. */
export const world = Effect.fnUntraced(function*(options: Options = {}) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const surroundings = yield* Effect.context<NodeServices.NodeServices | RecentLog>()
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
  const chosen = options.venues ?? venues
  const symbols = (venue: Venue) => options.symbols?.[venue] ?? defaults.symbols[venue].slice(0, 1)
  const simulator = yield* Simulator.make({
    ...options.simulator,
    symbols: { ...options.simulator?.symbols, ...options.symbols }
  })
  const resolved = resolveConfig(
    "test",
    {
      storage: {
        mode: options.storage?.mode ?? "local",
        data_dir: `${folder}/recording`,
        local_path: `${folder}/archive`,
        max_file_age_secs: options.maxFileAgeSecs ?? 3600
      },
      http: { port: 0 },
      upload: {
        queue_capacity: options.uploadQueueCapacity ?? 1000,
        max_attempts: options.uploadAttempts ?? 20,
        initial_retry_delay_secs: 0.02,
        max_retry_delay_secs: 0.2
      },
      shutdown: {
        websocket_secs: options.websocketSecs ?? 10,
        upload_secs: options.uploadSecs ?? 60,
        storage_secs: options.storageSecs ?? 30
      },
      ...(options.storage === undefined
        ? {}
        : { aws: { endpoint: options.storage.server.endpoint, force_path_style: true } }),
      websocket: {
        queue_capacity: options.queueCapacity ?? 1000,
        message_timeout_secs: options.messageTimeoutSecs ?? 120
      },
      markets: chosen.map((exchange) => ({
        exchange,
        symbols: symbols(exchange),
        base_url: options.baseUrls?.[exchange]?.(simulator) ?? simulator.baseUrl(exchange)
      }))
    },
    noOverrides,
    {
      aws: options.storage === undefined ? null : {
        accessKeyId: Redacted.make(options.storage.server.options.accessKey),
        secretAccessKey: Redacted.make(options.storage.server.options.secretKey)
      },
      coinbase: null
    }
  )
  const patient = {
    ...resolved,
    shard: options.shard ?? null,
    websocket: { ...resolved.websocket, initialRetryDelaySecs: 0.02, maxRetryDelaySecs: 0.2 }
  }
  const config = options.configure?.(patient, simulator) ?? patient

  const compareAll = Effect.gen(function*() {
    const left = (yield* fs.readDirectory(config.storage.dataDir, { recursive: true })).filter((name) =>
      name.endsWith(".parquet")
    )
    assert.deepStrictEqual(left, [])
    const compare = Effect.fnUntraced(function*(archive: string) {
      const rows = yield* Effect.orDie(readRows(archive))
      assertAccounted(yield* accountForTrades(simulator, archive), options.hides ?? false)
      return audit(simulator.ledger.entries(), simulator.ledger.connections(), rows)
    })
    if (options.storage === undefined) return yield* compare(config.storage.localPath)
    const downloads = `${folder}/downloads`
    for (const [key, { body }] of options.storage.server.objects()) {
      const target = path.join(downloads, key)
      yield* fs.makeDirectory(path.dirname(target), { recursive: true })
      yield* fs.writeFile(target, body)
    }
    const stored = yield* compare(downloads)
    if (options.storage.mode === "both") assert.deepStrictEqual(yield* compare(config.storage.localPath), stored)
    else assert.isFalse(yield* fs.exists(config.storage.localPath))
    return stored
  }).pipe(Effect.orDie)

  const launch: World["again"] = Effect.gen(function*() {
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer((exit) => Scope.close(scope, exit))
    const context = yield* Layer.buildWithScope(App.layer(config), scope).pipe(
      Effect.provideService(Clock.Clock, options.clock ?? (yield* Clock.Clock))
    )
    const telemetry = Context.get(context, Telemetry)
    const shutDown = Scope.close(scope, Exit.void)
    const stop = Effect.andThen(shutDown, compareAll)
    const made: World = {
      simulator,
      config,
      context,
      url: Context.get(context, Endpoint).url,
      feeds: telemetry.all,
      sinks: telemetry.allSinks,
      uploads: telemetry.uploads,
      feed: (id) => telemetry.all().find((stats) => stats.feed.id === id) ?? assert.fail(`no feed ${id}`),
      shutDown,
      stop,
      finish: simulator.stopTraffic.pipe(Effect.andThen(simulator.flushed), Effect.andThen(stop)),
      again: launch
    }
    return made
  }).pipe(Effect.orDie, Effect.provideContext(surroundings))
  yield* options.prepare?.(simulator) ?? Effect.void
  return yield* launch
})

/** Every event sent is in the files exactly once; what was cut off with a connection is not held against the recorder. */
export const assertComplete = (audits: ReadonlyArray<FeedAudit>) => {
  for (const { feedId, missing, recorded, sent, surplus } of audits) {
    const verdict = { feedId, sent, missing: missing.length, surplus: surplus.length }
    assert.deepStrictEqual(
      verdict,
      { feedId, sent, missing: 0, surplus: 0 },
      `first missing: ${missing[0]?.data ?? "none"}, first surplus: ${surplus[0] ?? "none"}`
    )
    assert.isAbove(recorded, 0, feedId)
  }
}

/** Nothing at all was lost, cut connections included. */
export const assertNothingLost = (audits: ReadonlyArray<FeedAudit>) => {
  assertComplete(audits)
  for (const { feedId, lostWithConnection } of audits) assert.strictEqual(lostWithConnection.length, 0, feedId)
}

export const environment = Layer.mergeAll(NodeServices.layer, Logging.layerConsole("None"))
