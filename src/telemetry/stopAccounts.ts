import { Effect } from "effect"
import { number, quantity } from "../runtime/quantity.ts"
import type { Account, Accounting } from "../runtime/Shutdown.ts"
import type { SinkStats } from "./SinkStats.ts"
import type { StorageStats } from "./StorageStats.ts"
import { sumOver } from "./sumOver.ts"
import type { FeedStats } from "./Telemetry.ts"
import type { UploadStats } from "./UploadStats.ts"

/** Feeds that are named one by one; of more, their number says enough. */
const named = 3

/** How many connections were closed, and what was received and is with no sink yet. */
export const ofFeeds = (feeds: ReadonlyArray<FeedStats>): Accounting => () => {
  const connected = feeds.filter((stats) => stats.connected)
  return Effect.sync((): Account => {
    const open = connected.filter((stats) => stats.connected)
    const queued = sumOver(feeds, (stats) => stats.eventsQueued)
    const names = open.slice(0, named).map(({ feed }) => feed.id).join(", ")
    const which = open.length === 0 ? "" : ` (not ${names}${open.length > named ? ", ..." : ""})`
    const closed = `${number(connected.length - open.length)} of ${
      quantity(connected.length, "connection")
    } closed${which}`
    const fate = queued === 0 ? "" : "; they are lost unless the sinks take them within their limit"
    return {
      text: `${closed}, ${quantity(queued, "event")} left in queues${fate}`,
      complete: open.length === 0 && queued === 0
    }
  })
}

const rowsLeft = (sinks: ReadonlyArray<SinkStats>) =>
  sumOver(
    sinks,
    (stats) => stats.rowsWritten - stats.rowsRemoved - stats.rowsSealed + stats.rowsBuffered + stats.rowsUnwritten
  )

/** How many files were sealed, and what is in no sealed file. */
export const ofSinks = (all: () => ReadonlyArray<SinkStats>, dataDir: string): Accounting => () => {
  const sinks = all()
  const files = sumOver(sinks, (stats) => stats.filesSealed)
  const rows = sumOver(sinks, (stats) => stats.rowsSealed)
  const lostBefore = sumOver(sinks, (stats) => stats.rowsLost)
  return Effect.sync((): Account => {
    const sealed = sumOver(sinks, (stats) => stats.filesSealed) - files
    const sealedRows = sumOver(sinks, (stats) => stats.rowsSealed) - rows
    const open = sumOver(sinks, (stats) => stats.filesOpen)
    const left = rowsLeft(sinks)
    const lost = sumOver(sinks, (stats) => stats.rowsLost) - lostBefore
    const fate = open === 0 && left === 0
      ? ""
      : `; the next start takes them from the open files and the journal in ${dataDir}, as far as these have them`
    return {
      text: `${quantity(sealed, "file")} sealed (${quantity(sealedRows, "row")}), ${number(open)} left open, ` +
        `${lost === 0 ? "" : `${quantity(lost, "row")} lost, `}${quantity(left, "row")} left${fate}`,
      complete: open === 0 && left === 0 && lost === 0
    }
  })
}

/** Whether a write is still under way when its sink has been given up. */
export const ofWriters = (all: () => ReadonlyArray<SinkStats>): Accounting => () =>
  Effect.sync((): Account => {
    const waiting = sumOver(all(), (stats) => stats.rowsBuffered)
    return waiting === 0
      ? { text: "no row waits to be written", complete: true }
      : {
        text: `${quantity(waiting, "row")} left in memory; the next start takes from the journal what it has of them`,
        complete: false
      }
  })

/** How much of the journal could go, and what it keeps for the next start. */
export const ofJournal = (stats: StorageStats, folder: string): Accounting => () => {
  const before = stats.journalSegments
  return Effect.sync((): Account => {
    const { journalBytes, journalRows, journalSegments, problem } = stats
    const removed = `${quantity(Math.max(0, before - journalSegments), "segment")} removed`
    const trouble = problem === null ? "" : `; ${problem}`
    return journalSegments === 0
      ? { text: `${removed}, nothing left in it${trouble}`, complete: problem === null }
      : {
        text: `${removed}, ${number(journalSegments)} left with ${quantity(journalRows(), "row")} ` +
          `(${quantity(journalBytes, "byte")}) in ${folder} for the next start${trouble}`,
        complete: false
      }
  })
}

/** How many files were stored since the phase began, and how many wait in the data folder for the next start; `count` counts them. */
export const ofUploads = (count: Effect.Effect<number>, uploads: UploadStats, dataDir: string): Accounting => () => {
  const before = { setAside: uploads.setAside, stored: uploads.stored }
  return Effect.gen(function*() {
    const { setAside, stored } = uploads
    const left = yield* count
    const aside = setAside === before.setAside ? "" : `, ${number(setAside - before.setAside)} set aside`
    const place = left === 0 ? "" : ` for the next start in ${dataDir}`
    const account: Account = {
      text: `${quantity(stored - before.stored, "file")} stored${aside}, ${number(left)} left${place}`,
      complete: left === 0
    }
    return account
  })
}
