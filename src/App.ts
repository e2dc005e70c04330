import { Context, Duration, Effect, Layer } from "effect"
import packageJson from "../package.json" with { type: "json" }
import type { Config, FeedConfig } from "./config/Config.ts"
import * as Series from "./domain/Series.ts"
import { registry } from "./exchanges/registry.ts"
import { ruleOf } from "./exchanges/ruleOf.ts"
import * as CoinbaseToken from "./feeds/CoinbaseToken.ts"
import { ConnectLimiter } from "./feeds/ConnectLimiter.ts"
import { PastTrades } from "./feeds/PastTrades.ts"
import { reportTotals } from "./feeds/LossReport.ts"
import type { Plan } from "./feeds/Plan.ts"
import * as Supervisor from "./feeds/Supervisor.ts"
import { Tokens } from "./feeds/Tokens.ts"
import { DataFolderLock } from "./runtime/DataFolderLock.ts"
import { phased } from "./runtime/Shutdown.ts"
import { Journal, journalFolder } from "./sinks/Journal.ts"
import * as Recovery from "./sinks/Recovery.ts"
import * as Sinks from "./sinks/Sinks.ts"
import { DiskSpace, type WatchedFolder } from "./telemetry/DiskSpace.ts"
import * as HttpServer from "./telemetry/HttpServer.ts"
import * as Liveness from "./telemetry/Liveness.ts"
import { Monitor } from "./telemetry/Monitor.ts"
import * as stopAccounts from "./telemetry/stopAccounts.ts"
import { Telemetry } from "./telemetry/Telemetry.ts"
import * as UnparsedFrames from "./telemetry/UnparsedFrames.ts"
import * as ArchiveStore from "./upload/ArchiveStore.ts"
import { ObjectStore } from "./upload/ObjectStore.ts"
import * as ReplicatedStore from "./upload/ReplicatedStore.ts"
import { Uploader } from "./upload/Uploader.ts"

/** Where sealed files go by the configured mode. */
const objectStore = ({ aws, credentials, storage }: Config) => {
  const archive = ArchiveStore.layer({ folder: storage.localPath })
  const { bucket, endpoint, forcePathStyle, region } = aws
  // The SDK takes a good part of the start, so only those who use it load it.
  const s3 = Layer.unwrap(Effect.map(
    Effect.promise(() => import("./upload/S3Store.ts")),
    (S3Store) => S3Store.layer({ bucket, endpoint, forcePathStyle, region, credentials: credentials.aws })
  ))
  switch (storage.mode) {
    case "local":
      return archive
    case "s3":
      return s3
    case "both":
      return Layer.effect(
        ObjectStore,
        Effect.gen(function*() {
          const near = Context.get(yield* Layer.build(archive), ObjectStore)
          const far = Context.get(yield* Layer.build(s3), ObjectStore)
          return ReplicatedStore.make(near, far)
        })
      )
  }
}

/** The folders whose disks the recorder needs. */
const watchedFolders = ({ logging, storage }: Config): ReadonlyArray<WatchedFolder> => [
  { name: "data", path: storage.dataDir },
  ...(storage.mode === "s3" ? [] : [{ name: "archive", path: storage.localPath }]),
  { name: "logs", path: logging.dir }
]

/** What tells how the recorder is, from before it puts anything in order until after it has stopped. */
const observation = (config: Config) =>
  Layer.mergeAll(
    Liveness.layer,
    HttpServer.layer({ ...config.http, version: packageJson.version })
  ).pipe(
    Layer.provide(Monitor.layer({ maxFileAgeMillis: config.storage.maxFileAgeSecs * 1000 })),
    Layer.provide(DiskSpace.layer(watchedFolders(config)))
  )

/** The tokens that the configured credentials make. */
export const tokens = ({ credentials: { coinbase } }: Config) =>
  coinbase === null
    ? Tokens.layerNone
    : CoinbaseToken.layer({ keyName: coinbase.keyName, privateKeyPem: coinbase.secret })

/** Makes the counters of every feed, so that they are seen at 0 before they count anything, and says what is wanted of it. */
const counters = ({ feeds, shard }: Config) =>
  Layer.effectDiscard(Effect.map(Telemetry, (telemetry) => {
    telemetry.process.shard = shard
    for (const { completenessObjective, feed } of feeds) {
      telemetry.stats(feed).completeness.objective = completenessObjective
      telemetry.sinkStats(Series.make(feed.exchange, feed.symbol, "gap"))
    }
  }))

/** How a feed is recorded: over so many paths, each to its own URL where there are several. */
const planOf = (configured: FeedConfig): Plan => {
  const { baseUrls, completenessObjective, feed, messageTimeoutSecs, paths, repair, restUrl } = configured
  const exchanges = Array.from(
    { length: paths },
    (_, path) => registry[feed.exchange](baseUrls[path % baseUrls.length] ?? null)
  )
  const history = feed.dataType === "trade" && repair ? exchanges[0]?.tradeHistory?.(restUrl) ?? null : null
  return { feed, messageTimeoutSecs, completenessObjective, exchanges, history, signature: JSON.stringify(configured) }
}

/** How each configured feed is to be recorded. */
export const plansOf = ({ feeds }: Config): ReadonlyArray<Plan> => feeds.map(planOf)

/** Tells at the end what was recorded, and what was not. */
const totals = Layer.effectDiscard(Effect.gen(function*() {
  const telemetry = yield* Telemetry
  yield* Effect.addFinalizer(() => reportTotals(telemetry.sinceStart(), telemetry.allSinksSinceStart()))
}))

/**
 * The whole recorder: the data folder is claimed, what a crash left there is put in order, and only then anything is recorded.
 * Closing its scope stops feeds, then sinks, then uploads, each within its own limit, and gives the folder back last.
 */
export const layer = (config: Config) => {
  const { shutdown, storage, upload, websocket } = config
  const uploads = Layer.unwrap(Effect.map(Telemetry, (telemetry) =>
    Uploader.layer({
      dataDir: storage.dataDir,
      queueCapacity: upload.queueCapacity,
      maxAttempts: upload.maxAttempts,
      initialRetryDelay: Duration.seconds(upload.initialRetryDelaySecs),
      maxRetryDelay: Duration.seconds(upload.maxRetryDelaySecs),
      // A little less than the phase, so that what is left is told before the phase gives up.
      drainWithin: Duration.millis(shutdown.uploadSecs * 950)
    }).pipe(
      Layer.provide(objectStore(config)),
      phased(
        "uploads",
        Duration.seconds(shutdown.uploadSecs),
        (made) => stopAccounts.ofUploads(Context.get(made, Uploader).left, telemetry.uploads, storage.dataDir)
      )
    )))
  const journal = Layer.unwrap(Effect.map(Telemetry, (telemetry) =>
    Journal.layer({
      dataDir: storage.dataDir,
      commitEvery: Duration.millis(storage.commitIntervalMillis)
    }).pipe(
      phased(
        "the journal",
        Duration.seconds(shutdown.storageSecs),
        () => stopAccounts.ofJournal(telemetry.storage, `${storage.dataDir}/${journalFolder}`)
      )
    )))
  const sinks = Layer.unwrap(Effect.gen(function*() {
    const uploader = yield* Uploader
    const telemetry = yield* Telemetry
    telemetry.process.phase = "recovering"
    const options = {
      dataDir: storage.dataDir,
      homeServerName: config.aws.homeServerName,
      maxFileAge: Duration.seconds(storage.maxFileAgeSecs),
      maxFileBytes: storage.maxFileBytes,
      memoryBudgetBytes: storage.memoryBudgetBytes,
      onSealed: uploader.offer
    }
    return Sinks.layer(options).pipe(
      // The sinks have had their own phase by then; this bounds a write that a dead disk never answers.
      phased("writers", "2 seconds", () => stopAccounts.ofWriters(telemetry.allSinks)),
      Layer.provide(journal),
      Layer.provide(Recovery.layer({ ...options, ruleOf: ruleOf(config.allFeeds) }))
    )
  }))
  const feeds = Supervisor.layer({
    plans: plansOf(config),
    backoff: { initialSecs: websocket.initialRetryDelaySecs, maxSecs: websocket.maxRetryDelaySecs },
    queueCapacity: websocket.queueCapacity,
    dataDir: storage.dataDir,
    feedsLimit: Duration.seconds(shutdown.websocketSecs),
    sinksLimit: Duration.seconds(shutdown.storageSecs)
  })
  return feeds.pipe(
    Layer.provide([
      ConnectLimiter.layer,
      PastTrades.layer,
      tokens(config),
      UnparsedFrames.layer({ dataDir: storage.dataDir })
    ]),
    Layer.provide(sinks),
    Layer.provide(uploads),
    // Told after the journal was closed: only then it is known which rows are lost.
    Layer.provide(totals),
    Layer.provideMerge(observation(config)),
    Layer.provide(counters(config)),
    Layer.provideMerge(DataFolderLock.layerWhenThereIsRoom(storage.dataDir)),
    Layer.provideMerge(Telemetry.layer)
  )
}

/** Records until interrupted; `beside` runs as long as anything is recorded. */
export const run = <R = never>(config: Config, beside: Effect.Effect<never, never, R> = Effect.never) =>
  Effect.scoped(
    Effect.flatMap(Layer.build(layer(config)), (context) =>
      Effect.raceAllFirst([
        Context.get(context, Supervisor.Supervisor).join,
        Context.get(context, DataFolderLock).lost,
        Effect.provideContext(beside, context)
      ]))
  )
