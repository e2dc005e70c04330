import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, FileSystem, Latch, Layer, Logger, Path, PlatformError, Queue, Scope } from "effect"
import { TestClock } from "effect/testing"
import { execFileSync } from "node:child_process"
import { setImmediate } from "node:timers/promises"
import * as stopAccounts from "../../src/telemetry/stopAccounts.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { digest } from "../../src/upload/fileDigest.ts"
import { ObjectStore, StoreError } from "../../src/upload/ObjectStore.ts"
import { parse } from "../../src/upload/sealedFiles.ts"
import { type Options, Uploader } from "../../src/upload/Uploader.ts"

const pathOf = (millis: number) => `binance/btcusdt/trade/2026-03-14/${millis}.parquet`

/** A data folder, a store in memory that can be made to fail or to wait, and an uploader between them. */
const setUp = Effect.fnUntraced(function*(options: Partial<Options> = {}, before: ReadonlyArray<string> = []) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const dataDir = yield* fs.makeTempDirectoryScoped()
  const write = Effect.fnUntraced(function*(relativePath: string) {
    const local = path.join(dataDir, relativePath)
    yield* fs.makeDirectory(path.dirname(local), { recursive: true })
    yield* fs.writeFileString(local, `rows of ${relativePath}`)
    return relativePath
  })
  const pipe = Effect.fnUntraced(function*(relativePath: string) {
    const local = path.join(dataDir, relativePath)
    yield* fs.makeDirectory(path.dirname(local), { recursive: true })
    execFileSync("mkfifo", [local])
    return relativePath
  })
  for (const file of before) yield* write(file)
  const stored = yield* Queue.unbounded<string>()
  const gate = yield* Latch.make(true)
  const attempts: Array<string> = []
  const store = {
    failure: null as Pick<StoreError, "reason" | "explanation" | "retryAfterMillis"> | null,
    /** Files that never get in. */
    refused: new Set<string>(),
    bytesMissing: 0,
    defect: false
  }
  const lines: Array<string> = []
  const logger = Logger.layer([
    Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel} ${String(message)}`)
    })
  ])
  const scope = yield* Scope.make()
  const scanned = yield* Deferred.make<void>()
  /** Folders that the first scan has yet to read. */
  const unread = new Set([
    options.dataDir ?? dataDir,
    ...before.filter((file) => parse(file) !== null).map((file) => path.dirname(file))
  ])
  /** What cannot be read, relative to the data folder, and why. */
  const locked = new Map<string, PlatformError.SystemErrorTag>()
  const watched = FileSystem.FileSystem.of({
    ...fs,
    readDirectory: (folder) =>
      Effect.suspend(() => {
        const tag = locked.get(path.relative(dataDir, folder))
        return tag === undefined ? fs.readDirectory(folder) : Effect.fail(
          PlatformError.systemError({
            _tag: tag,
            module: "FileSystem",
            method: "readDirectory",
            pathOrDescriptor: folder
          })
        )
      }).pipe(Effect.ensuring(Effect.suspend(() => {
        unread.delete(folder)
        unread.delete(path.relative(dataDir, folder))
        return unread.size === 0 ? Deferred.succeed(scanned, undefined) : Effect.void
      })))
  })
  const put = Effect.fnUntraced(function*(key: string, localPath: string) {
    attempts.push(key)
    yield* gate.await
    if (store.defect) throw new Error("a bug of the store")
    if (store.refused.has(key)) return yield* new StoreError({ key, reason: "Forbidden", explanation: "not this one" })
    if (store.failure !== null) return yield* new StoreError({ key, ...store.failure })
    const { bytes, sha256 } = yield* Effect.orDie(digest(fs, localPath))
    yield* Queue.offer(stored, key)
    return { bytes: bytes - store.bytesMissing, sha256 }
  })
  const context = yield* Layer.buildWithScope(
    Uploader.layer({ dataDir, concurrency: 1, ...options }).pipe(
      Layer.provide(Layer.succeed(ObjectStore, ObjectStore.of({ put }))),
      Layer.provide(Layer.succeed(FileSystem.FileSystem, watched)),
      Layer.provide(NodeServices.layer),
      Layer.provideMerge(Telemetry.layer),
      Layer.provideMerge(logger)
    ),
    scope
  )
  // Or the first scan might find what a test is about to write, and try it once more than the test expects.
  yield* Deferred.await(scanned)
  const uploader = yield* Effect.provide(Uploader, context)
  const { uploads } = yield* Effect.provide(Telemetry, context)
  return {
    stats: uploads,
    account: stopAccounts.ofUploads(uploader.left, uploads, dataDir),
    offer: (relativePath: string) => Effect.provide(uploader.offer(relativePath), logger),
    write,
    pipe,
    attempts,
    store,
    gate,
    lines,
    locked,
    moveAway: (relativePath: string) => fs.remove(path.join(dataDir, relativePath)),
    close: Scope.close(scope, Exit.void),
    nextStored: Queue.take(stored),
    putBack: (from: string, to: string) => fs.rename(path.join(dataDir, from), path.join(dataDir, to)),
    read: (relativePath: string) => fs.readFileString(path.join(dataDir, relativePath)),
    remaining: Effect.map(
      fs.readDirectory(dataDir, { recursive: true }),
      (names) => names.filter((name) => name.endsWith(".parquet")).toSorted()
    )
  }
})

/** Lets time pass until `effect` is done. */
const whileTimePasses = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(effect, Effect.forever(TestClock.adjust("1 second")))

/** Lets time pass until `condition` holds. */
const until = (condition: () => boolean) =>
  Effect.gen(function*() {
    while (!condition()) yield* TestClock.adjust("1 second")
  })

/** Waits until `condition` holds, and no time passes. */
const onTheSpot = (condition: () => boolean) =>
  Effect.promise(async () => {
    while (!condition()) await setImmediate()
  })

layer(NodeServices.layer)("Uploader", (it) => {
  it.effect("stores what it is offered, then removes it here", () =>
    Effect.gen(function*() {
      const { offer, write, close, nextStored, remaining, stats } = yield* setUp()
      yield* offer(yield* write(pathOf(1)))
      assert.strictEqual(yield* nextStored, pathOf(1))
      yield* close
      assert.deepStrictEqual(yield* remaining, [])
      assert.deepInclude(stats, { queueDepth: 0, stored: 1, failedAttempts: 0, givenUp: 0, dropped: 0, problem: null })
    }))

  it.effect("does not open what is no regular file: it is told, and holds up no other", () =>
    Effect.gen(function*() {
      const { close, nextStored, offer, pipe, remaining, stats, write } = yield* setUp()
      yield* offer(yield* pipe(pathOf(1)))
      yield* offer(yield* write(pathOf(2)))
      assert.strictEqual(yield* nextStored, pathOf(2))
      assert.match(stats.problem ?? "", /is not stored: it is no regular file: move it out of the data folder/)
      yield* close
      assert.deepStrictEqual(yield* remaining, [pathOf(1)])
    }))

  it.effect("finds what an earlier run has left, oldest first, and touches nothing else", () =>
    Effect.gen(function*() {
      const foreign = [
        ".open/binance.btcusdt.trade.7.parquet",
        "quarantine/binance/btcusdt/trade/2026-03-14/8.parquet",
        "notes/mine.parquet"
      ]
      const sealed = [pathOf(20), "okx/ethusdt/orderbook/tokyo-1/2026-03-13/10.parquet", pathOf(3)]
      const { close, attempts, remaining } = yield* setUp({}, [...foreign, ...sealed])
      yield* until(() => attempts.length === 3)
      yield* close
      assert.deepStrictEqual(attempts, [sealed[2], sealed[1], sealed[0]])
      assert.deepStrictEqual(yield* remaining, foreign.toSorted())
    }))

  it.effect("starts where there is no data folder yet", () =>
    Effect.gen(function*() {
      const { close, lines } = yield* setUp({ dataDir: "/nonexistent/ticklake" })
      yield* close
      assert.deepStrictEqual(lines.filter((line) => line.startsWith("Error")), [])
    }))

  it.effect("a folder that cannot be read hides no other, and is told once", () =>
    Effect.gen(function*() {
      const { close, lines, locked, nextStored, remaining, stats, write } = yield* setUp({
        scanEvery: "1 minute"
      })
      locked.set("lost+found", "PermissionDenied")
      locked.set("okx", "NotFound")
      yield* write("lost+found/x")
      yield* write("okx/ethusdt/trade/2026-03-14/2.parquet")
      const told = () => lines.filter((line) => line.startsWith("Warn") && line.includes("could not be searched"))
      for (const millis of [3, 4, 5]) {
        yield* write(pathOf(millis))
        assert.strictEqual(yield* whileTimePasses(nextStored), pathOf(millis))
        assert.strictEqual(told().length, 1)
      }
      assert.match(told()[0] ?? "", /\/lost\+found could not be searched .* until it can be read$/)
      locked.clear()
      assert.strictEqual(yield* whileTimePasses(nextStored), "okx/ethusdt/trade/2026-03-14/2.parquet")
      locked.set("lost+found", "PermissionDenied")
      yield* until(() => told().length === 2)
      yield* close
      assert.deepStrictEqual(yield* remaining, [])
      assert.strictEqual(stats.filesOnDisk, 0)
    }))

  it.effect("searches again every five minutes", () =>
    Effect.gen(function*() {
      const { attempts, write, nextStored, close } = yield* setUp({}, [pathOf(1)])
      assert.strictEqual(yield* nextStored, pathOf(1))
      yield* write(pathOf(2))
      for (let seconds = 0; seconds < 290; seconds += 10) yield* TestClock.adjust("10 seconds")
      assert.strictEqual(attempts.length, 1)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* nextStored, pathOf(2))
      yield* close
    }))

  it.effect("stores what its queue had no room for as soon as it has, without waiting for the interval", () =>
    Effect.gen(function*() {
      const { offer, write, gate, nextStored, attempts, stats, close } = yield* setUp({
        queueCapacity: 2,
        scanEvery: "1 day"
      })
      yield* gate.close
      const files = Array.from({ length: 10 }, (_, index) => pathOf(index))
      for (const file of files) yield* offer(yield* write(file))
      assert.isAtLeast(stats.dropped, 7)
      yield* gate.open
      const stored = []
      while (stored.length < 10) stored.push(yield* nextStored)
      assert.deepStrictEqual(stored.toSorted(), files.toSorted())
      assert.strictEqual(attempts.length, 10)
      yield* close
    }))

  it.effect("stores a file once, however often it is offered and found", () =>
    Effect.gen(function*() {
      const { offer, write, gate, attempts, stats, close, remaining } = yield* setUp({
        scanEvery: "1 minute",
        queueCapacity: 2
      })
      yield* gate.close
      yield* write(pathOf(1))
      for (let times = 0; times < 5; times++) {
        yield* offer(pathOf(1))
        yield* TestClock.adjust("1 minute")
      }
      assert.deepInclude(stats, { queueDepth: 0, dropped: 0 })
      yield* gate.open
      yield* close
      assert.strictEqual(attempts.length, 1)
      assert.deepStrictEqual(yield* remaining, [])
    }))

  it.effect("counts what waits on disk, with the one that is being stored, and in the queue", () =>
    Effect.gen(function*() {
      const { attempts, close, gate, offer, stats, write } = yield* setUp({ queueCapacity: 2, scanEvery: "1 day" })
      yield* gate.close
      yield* offer(yield* write(pathOf(7)))
      yield* until(() => attempts.length === 1)
      for (const millis of [5, 3, 4]) yield* offer(yield* write(pathOf(millis)))
      const expected = { filesOnDisk: 4, oldestWaitingMillis: 3, queueDepth: 2, dropped: 1 }
      assert.deepInclude(stats, expected)
      yield* gate.open
      yield* until(() => stats.stored === 4)
      assert.deepInclude(stats, { filesOnDisk: 0, oldestWaitingMillis: null, queueDepth: 0 })
      yield* close
    }))

  it.effect("a file that is in no queue any more still counts among those on disk", () =>
    Effect.gen(function*() {
      const { close, offer, stats, store, write } = yield* setUp({ scanEvery: "1 day" })
      store.failure = { reason: "Forbidden", explanation: "it does not let us in" }
      yield* offer(yield* write(pathOf(9)))
      yield* until(() => stats.givenUp === 1)
      assert.deepInclude(stats, { filesOnDisk: 1, oldestWaitingMillis: 9, queueDepth: 0 })
      store.failure = { reason: "Conflict", explanation: "it has other content" }
      yield* offer(pathOf(9))
      yield* until(() => stats.setAside === 1)
      assert.deepInclude(stats, { filesOnDisk: 0, oldestWaitingMillis: null })
      yield* close
    }))

  it.effect("observes what storing a file took, without the attempts before", () =>
    Effect.gen(function*() {
      const { attempts, close, gate, offer, stats, store, write } = yield* setUp({ scanEvery: "1 day" })
      store.failure = { reason: "Unavailable", explanation: "it is away", retryAfterMillis: 100_000 }
      yield* offer(yield* write(pathOf(1)))
      yield* until(() => stats.failedAttempts === 1)
      store.failure = null
      yield* gate.close
      yield* until(() => attempts.length === 2)
      yield* TestClock.adjust("3 seconds")
      yield* gate.open
      // It waits for the file, and no time passes meanwhile.
      yield* close
      assert.strictEqual(stats.durationSeconds.count, 1)
      assert.isTrue(stats.durationSeconds.sum >= 3 && stats.durationSeconds.sum <= 5, `${stats.durationSeconds.sum} s`)
    }))

  describe("when the store fails", () => {
    it.effect("tries again, and keeps the file for the next scan when that was in vain", () =>
      Effect.gen(function*() {
        const context = yield* setUp({
          scanEvery: "1 hour",
          maxAttempts: 5,
          initialRetryDelay: "10 seconds",
          maxRetryDelay: "60 seconds"
        })
        context.store.failure = { reason: "Unavailable", explanation: "it is away" }
        yield* context.offer(yield* context.write(pathOf(1)))
        yield* until(() => context.stats.givenUp === 1)
        assert.strictEqual(context.attempts.length, 5)
        assert.deepInclude(context.stats, {
          failedAttempts: 5,
          stored: 0,
          problem: `${pathOf(1)} is not stored: it is away`
        })
        assert.deepStrictEqual(yield* context.remaining, [pathOf(1)])
        context.store.failure = null
        assert.strictEqual(yield* whileTimePasses(context.nextStored), pathOf(1))
        yield* context.close
        assert.deepInclude(context.stats, { stored: 1, problem: null })
        assert.deepStrictEqual(yield* context.remaining, [])
      }))

    it.effect("does not repeat what cannot succeed", () =>
      Effect.gen(function*() {
        const { offer, write, store, attempts, stats, close, remaining } = yield* setUp({ scanEvery: "1 day" })
        store.failure = { reason: "Forbidden", explanation: "it does not let us in" }
        yield* offer(yield* write(pathOf(1)))
        yield* until(() => stats.givenUp === 1)
        assert.strictEqual(attempts.length, 1)
        yield* close
        assert.deepStrictEqual(yield* remaining, [pathOf(1)])
      }))

    it.effect("speaks of a failure no longer than its file is there", () =>
      Effect.gen(function*() {
        const { close, moveAway, offer, stats, store, write } = yield* setUp({ scanEvery: "1 minute" })
        for (const millis of [1, 2]) {
          store.refused.add(pathOf(millis))
          yield* offer(yield* write(pathOf(millis)))
          yield* onTheSpot(() => stats.givenUp === millis)
          assert.strictEqual(stats.problem, `${pathOf(millis)} is not stored: not this one`)
        }
        yield* moveAway(pathOf(2))
        yield* TestClock.adjust("1 minute")
        yield* onTheSpot(() => stats.filesOnDisk === 1)
        yield* onTheSpot(() => stats.problem === `${pathOf(1)} is not stored: not this one`)
        yield* moveAway(pathOf(1))
        yield* TestClock.adjust("1 minute")
        yield* onTheSpot(() => stats.filesOnDisk === 0)
        yield* onTheSpot(() => stats.problem === null)
        store.failure = { reason: "Conflict", explanation: "it has other content" }
        yield* offer(yield* write(pathOf(3)))
        yield* onTheSpot(() => stats.setAside === 1)
        assert.deepInclude(stats, { problem: null, filesOnDisk: 0 })
        yield* close
      }))

    it.effect("files that can never be stored keep no other from its turn, however many they are", () =>
      Effect.gen(function*() {
        const { attempts, close, remaining, stats, store, write } = yield* setUp({
          scanEvery: "1 minute",
          queueCapacity: 3
        })
        const stuck = [1, 2, 3, 4, 5, 6, 7].map(pathOf)
        for (const file of stuck) store.refused.add(yield* write(file))
        for (const millis of [8, 9]) yield* write(pathOf(millis))
        for (let minutes = 0; stats.stored < 2 && minutes < 10; minutes++) {
          const { givenUp } = stats
          yield* TestClock.adjust("1 minute")
          yield* onTheSpot(() => stats.givenUp > givenUp)
        }
        yield* onTheSpot(() => stats.stored === 2 || attempts.length > 100)
        assert.strictEqual(stats.stored, 2)
        yield* close
        assert.deepStrictEqual(yield* remaining, stuck)
        assert.deepStrictEqual(attempts.slice(0, 9), [...stuck, pathOf(8), pathOf(9)])
      }))

    it.effect("sets aside what the store has something else for, with the reason, and raises the alarm", () =>
      Effect.gen(function*() {
        const context = yield* setUp({ scanEvery: "1 minute" })
        for (const already of [0, 1]) {
          context.store.failure = { reason: "Conflict", explanation: "it has other content" }
          yield* context.offer(yield* context.write(pathOf(1)))
          yield* until(() => context.stats.setAside === already + 1)
        }
        yield* context.close
        assert.deepInclude(context.stats, { stored: 0, setAside: 2, givenUp: 0, retries: 0 })
        assert.strictEqual(context.attempts.length, 2)
        const aside = `quarantine/upload/${pathOf(1)}`
        assert.deepStrictEqual(yield* context.remaining, [aside])
        assert.include(yield* context.read(`${aside}.reason.txt`), "it has other content")
        assert.strictEqual(yield* context.read(`${aside}.1`), `rows of ${pathOf(1)}`)
        assert.deepStrictEqual(context.lines.filter((line) => line.startsWith("Warn")), [])
        const alarms = context.lines.filter((line) => line.startsWith("Error") && line.includes(aside))
        assert.strictEqual(alarms.length, 2)
      }))

    it.effect("stores a file that was set aside and is put back", () =>
      Effect.gen(function*() {
        const { close, nextStored, offer, putBack, remaining, stats, store, write } = yield* setUp({
          scanEvery: "1 minute"
        })
        store.failure = { reason: "Conflict", explanation: "it has other content" }
        yield* offer(yield* write(pathOf(1)))
        yield* onTheSpot(() => stats.setAside === 1)
        store.failure = null
        yield* putBack(`quarantine/upload/${pathOf(1)}`, pathOf(1))
        assert.strictEqual(yield* whileTimePasses(nextStored), pathOf(1))
        yield* close
        assert.deepStrictEqual(yield* remaining, [])
      }))

    it.effect("waits as long as the store asks for", () =>
      Effect.gen(function*() {
        const { attempts, close, offer, stats, store, write } = yield* setUp({ scanEvery: "1 day" })
        store.failure = { reason: "Unavailable", explanation: "slow down", retryAfterMillis: 100_000 }
        yield* offer(yield* write(pathOf(1)))
        yield* until(() => stats.failedAttempts === 1)
        yield* TestClock.adjust("97 seconds")
        assert.strictEqual(attempts.length, 1)
        yield* TestClock.adjust("3 seconds")
        yield* until(() => attempts.length === 2)
        assert.strictEqual(stats.retries, 1)
        store.failure = null
        yield* whileTimePasses(close)
      }))

    it.effect("survives an outage of an hour: no file is lost or stored twice, and the store is not hammered", () =>
      Effect.gen(function*() {
        const { attempts, close, lines, nextStored, offer, remaining, stats, store, write } = yield* setUp({
          concurrency: 2
        })
        store.failure = { reason: "Unreachable", explanation: "it is away" }
        const files = Array.from({ length: 12 }, (_, index) => pathOf(index))
        for (const file of files) {
          yield* offer(yield* write(file))
          for (let step = 0; step < 60; step++) yield* TestClock.adjust("5 seconds")
        }
        assert.deepStrictEqual(yield* remaining, files.toSorted())
        assert.strictEqual(stats.stored, 0)
        // Each scan finds what is there and gives each file its five attempts.
        assert.isAtMost(attempts.length, files.length * files.length * 5)
        // The first failure is told, then each scan tells once of all files together.
        assert.strictEqual(lines.filter((line) => line.startsWith("Warn")).length, 1)
        const errors = lines.filter((line) => line.startsWith("Error"))
        assert.isAtLeast(errors.length, 1)
        assert.isAtMost(errors.length, files.length)
        assert.match(errors.at(-1) ?? "", /^Error \d+ sealed files wait .* it is away$/)
        assert.isAtMost(lines.filter((line) => /^(?:Error|Info)/.test(line)).length, files.length + 1)
        lines.length = 0
        store.failure = null
        const stored = []
        while (stored.length < files.length) stored.push(yield* whileTimePasses(nextStored))
        assert.deepStrictEqual(stored.toSorted(), files.toSorted())
        yield* close
        assert.deepStrictEqual(yield* remaining, [])
        assert.deepInclude(stats, { stored: 12, queueDepth: 0, problem: null })
        assert.strictEqual(lines.filter((line) => line.includes("stored again; 12 were waiting")).length, 1)
      }))

    it.effect("tells of what cannot succeed once, as an error, then once a scan, and that it is over", () =>
      Effect.gen(function*() {
        const { attempts, close, lines, offer, stats, store, write } = yield* setUp({ scanEvery: "1 hour" })
        const told = () => lines.filter((line) => /^(?:Warn|Error|Info)/.test(line))
        store.failure = { reason: "Credentials", explanation: "correct AWS_SECRET_KEY" }
        for (let millis = 1; millis <= 5; millis++) yield* offer(yield* write(pathOf(millis)))
        yield* onTheSpot(() => stats.givenUp === 5)
        assert.deepStrictEqual(told(), [
          `Error ${
            pathOf(1)
          } is not stored: correct AWS_SECRET_KEY; the file stays in the data folder and is tried again by `
          + "each scan"
        ])
        yield* TestClock.adjust("1 hour")
        yield* onTheSpot(() => stats.givenUp === 10)
        assert.match(told()[1] ?? "", /^Error 5 sealed files wait .*given up 5 times .*correct AWS_SECRET_KEY$/)
        store.failure = { reason: "Region", explanation: "another region" }
        yield* TestClock.adjust("1 hour")
        yield* onTheSpot(() => stats.givenUp === 15)
        assert.strictEqual(told().length, 4, "each cause is told when it is met first")
        assert.match(told()[3] ?? "", /^Error .*another region; the file stays/)
        store.failure = null
        yield* TestClock.adjust("1 hour")
        yield* onTheSpot(() => stats.stored === 5)
        yield* close
        assert.strictEqual(attempts.length, 20)
        assert.deepStrictEqual(told().slice(5), ["Info files are stored again; 5 were waiting"])
      }))

    it.effect("a store that comes and goes does not fill the log", () =>
      Effect.gen(function*() {
        const { close, lines, nextStored, offer, stats, store, write } = yield* setUp({ scanEvery: "1000 days" })
        for (let millis = 1; millis <= 20; millis++) {
          store.failure = { reason: "Unavailable", explanation: "slow down" }
          const failed = stats.failedAttempts
          yield* offer(yield* write(pathOf(millis)))
          yield* onTheSpot(() => stats.failedAttempts > failed)
          store.failure = null
          yield* whileTimePasses(nextStored)
        }
        yield* close
        assert.strictEqual(stats.stored, 20)
        assert.deepStrictEqual(
          lines.filter((line) => /^(?:Warn|Error|Info)/.test(line)).map((line) => line.slice(0, 4)),
          [
            "Warn",
            "Info"
          ]
        )
      }))

    it.effect("does not search again and again for what the queue had no room for while nothing can be stored", () =>
      Effect.gen(function*() {
        const { attempts, close, gate, offer, remaining, stats, store, write } = yield* setUp({
          queueCapacity: 2,
          scanEvery: "1 hour"
        })
        store.failure = { reason: "Forbidden", explanation: "it does not let us in" }
        yield* gate.close
        for (let millis = 1; millis <= 10; millis++) yield* offer(yield* write(pathOf(millis)))
        assert.isAbove(stats.dropped, 0)
        yield* gate.open
        yield* onTheSpot(() => stats.givenUp === 10 - stats.dropped)
        const before = attempts.length
        for (let minutes = 0; minutes < 40; minutes++) yield* TestClock.adjust("1 minute")
        assert.strictEqual(attempts.length, before)
        store.failure = null
        yield* until(() => stats.stored === 10)
        yield* close
        assert.deepStrictEqual(yield* remaining, [])
      }))

    it.effect("goes on with other files after a bug of the store, which it tells", () =>
      Effect.gen(function*() {
        const { offer, write, store, stats, close, remaining, lines, nextStored } = yield* setUp({ scanEvery: "1 day" })
        store.defect = true
        yield* offer(yield* write(pathOf(1)))
        yield* until(() => stats.givenUp === 1)
        store.defect = false
        yield* offer(yield* write(pathOf(2)))
        assert.strictEqual(yield* nextStored, pathOf(2))
        yield* close
        assert.deepStrictEqual(yield* remaining, [pathOf(1)])
        assert.isTrue(lines.some((line) => line.startsWith("Error") && line.includes(pathOf(1))))
      }))

    it.effect("keeps the file when the store holds less than all of it", () =>
      Effect.gen(function*() {
        const { offer, write, store, stats, close, remaining } = yield* setUp({ scanEvery: "1 day" })
        store.bytesMissing = 1
        yield* offer(yield* write(pathOf(1)))
        yield* until(() => stats.givenUp === 1)
        yield* close
        assert.deepStrictEqual(yield* remaining, [pathOf(1)])
      }))
  })

  describe("at the end", () => {
    it.effect("stores what is queued", () =>
      Effect.gen(function*() {
        const { account, offer, write, close, remaining, stats } = yield* setUp({ concurrency: 2 })
        const left = account()
        for (let millis = 0; millis < 20; millis++) yield* offer(yield* write(pathOf(millis)))
        yield* close
        assert.deepStrictEqual(yield* remaining, [])
        assert.strictEqual(stats.stored, 20)
        assert.deepStrictEqual(yield* left, { text: "20 files stored, 0 left", complete: true })
      }))

    it.effect("leaves after its time what is still queued, for the next start to find, and accounts for it", () =>
      Effect.gen(function*() {
        const { account, offer, write, gate, attempts, close, nextStored, remaining } = yield* setUp({
          drainWithin: "10 seconds"
        })
        yield* offer(yield* write(pathOf(9)))
        yield* nextStored
        yield* gate.close
        for (let millis = 0; millis < 3; millis++) yield* offer(yield* write(pathOf(millis)))
        yield* until(() => attempts.length === 2)
        const left = account()
        const closed = yield* Deferred.make<void>()
        yield* Effect.forkChild(Effect.andThen(close, Deferred.succeed(closed, undefined)))
        yield* whileTimePasses(Deferred.await(closed))
        assert.strictEqual((yield* remaining).length, 3)
        const { complete, text } = yield* left
        assert.isFalse(complete)
        assert.match(text, /^0 files stored, 3 left for the next start in \//)
      }))
  })

  it.effect("takes no other path for that of a sealed file", () =>
    Effect.gen(function*() {
      const { offer, write, close, attempts, remaining, lines } = yield* setUp({ scanEvery: "1 day" })
      const foreign = ["a.parquet", ".open/binance.btcusdt.trade.7.parquet"]
      for (const file of [...foreign, "../x.parquet"]) assert.isNull(parse(file))
      for (const file of foreign) yield* offer(yield* write(file))
      yield* close
      assert.deepStrictEqual(attempts, [])
      assert.deepStrictEqual(yield* remaining, foreign.toSorted())
      assert.strictEqual(lines.filter((line) => line.startsWith("Warn")).length, 2)
    }))
})
