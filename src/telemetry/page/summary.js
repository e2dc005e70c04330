// @ts-check
/** @import { Tick } from "../LiveMessages.ts" */
import { byId, make, setLevel, setText, setTitle, show, within } from "./elements.js"
import { signs } from "./Feed.js"
import * as formats from "./formats.js"

/** The colour and shape of each state of the recorder. */
const levels = /** @type {const} */ ({ healthy: "live", degraded: "stale", unhealthy: "down" })

/** With less than this share of a disk free, its bar warns. */
const scarce = 0.1

/**
 * Makes `list` have as many children as there are items, and draws each.
 * @template A
 * @param {Element} list
 * @param {ReadonlyArray<A>} items
 * @param {() => HTMLElement} create
 * @param {(element: HTMLElement, item: A) => void} draw
 */
const drawList = (list, items, create, draw) => {
  while (list.childElementCount > items.length) list.lastElementChild?.remove()
  while (list.childElementCount < items.length) list.append(create())
  items.forEach((item, at) => draw(/** @type {HTMLElement} */ (list.children[at]), item))
}

/** @param {Tick} tick */
const drawStatus = ({ health }, /** @type {string} */ version) => {
  const { connections, reasons, shard, status, uptime_seconds } = health
  const level = levels[status]
  const pill = byId("status")
  setLevel(pill, level)
  setText(within(pill, ".sign"), signs[level])
  setText(within(pill, ".sign + span"), status)
  const place = shard === null ? "" : `shard ${shard.index} of ${shard.count} · `
  setText(byId("facts"), `${place}up ${formats.duration(uptime_seconds * 1000)} · version ${version}`)
  document.title = `${signs[level]} ${status} · ${connections.up}/${connections.total} feeds · ticklake`
  const list = byId("reasons")
  show(list, reasons.length > 0)
  setLevel(list, level)
  drawList(list, reasons, () => make("li"), (element, { text }) => setText(element, text))
}

/** @param {Tick} tick */
const drawTiles = ({ complete, eventsPerSecond, health, journalBytes, now, rowsBuffered }) => {
  const { connections, messages_dropped } = health
  setText(byId("feeds-up"), `${formats.count(connections.up)} / ${formats.count(connections.total)}`)
  setText(byId("events-rate"), formats.rate(eventsPerSecond))
  setText(byId("dropped"), formats.count(messages_dropped))
  setLevel(byId("dropped"), messages_dropped > 0 ? "stale" : "")
  const { knownSince, lowest, provable, whole } = complete
  const since = knownSince === null ? null : formats.withinDay(knownSince, now)
  setText(byId("complete-title"), since === null ? "Complete, last day" : `Complete since ${since}`)
  setText(byId("complete"), lowest === null ? formats.unknown : formats.percent(lowest))
  setTitle(
    byId("complete"),
    lowest === null
      ? "There is no feed whose completeness could be proven."
      : `The lowest of ${formats.count(provable)} provable feeds, ${formats.count(whole)} of them without any loss.`
  )
  setText(byId("rows-buffered"), formats.count(rowsBuffered))
  setText(byId("journal"), formats.bytes(journalBytes))
}

/** @param {Tick} tick */
const drawUploads = ({ now, uploads }) => {
  const { failedAttempts, filesWaiting, oldestWaitingAt, problem, setAside, stored, storedBytes } = uploads
  const oldest = oldestWaitingAt === null ? "" : `, the oldest of ${formats.duration(now - oldestWaitingAt)} ago`
  /** @type {ReadonlyArray<readonly [string, string]>} */
  const pairs = [
    ["stored", `${formats.count(stored)} files, ${formats.bytes(storedBytes)}`],
    ["waiting", `${formats.count(filesWaiting)}${oldest}`],
    ["failed attempts", formats.count(failedAttempts)],
    ...(setAside === 0 ? [] : [/** @type {const} */ (["set aside", formats.count(setAside)])])
  ]
  drawList(byId("uploads"), pairs, () => {
    const pair = make("div")
    pair.append(make("dt"), make("dd"))
    return pair
  }, (element, [name, value]) => {
    setText(within(element, "dt"), name)
    setText(within(element, "dd"), value)
  })
  show(byId("uploads-problem"), problem !== null)
  setText(byId("uploads-problem"), problem ?? "")
}

/** @param {Tick} tick */
const drawDisks = ({ disks }) => {
  drawList(byId("disks"), disks, () => {
    const disk = make("li")
    const bar = make("div", "bar")
    bar.append(make("div"))
    disk.append(make("b"), make("span", "free"), bar, make("code"))
    return disk
  }, (element, { freeBytes, name, path, totalBytes }) => {
    setText(within(element, "b"), name)
    setText(
      within(element, ".free"),
      freeBytes === null ? "room unknown" : `${formats.bytes(freeBytes)} free of ${formats.bytes(totalBytes)}`
    )
    setText(within(element, "code"), path)
    const bar = within(element, ".bar")
    const free = freeBytes === null || totalBytes === null || totalBytes === 0 ? null : freeBytes / totalBytes
    show(bar, free !== null)
    setLevel(bar, free !== null && free < scarce ? "stale" : "live")
    within(bar, "div").style.width = `${100 - 100 * (free ?? 0)}%`
  })
}

/**
 * Everything above the feeds.
 * @param {Tick} tick
 * @param {string} version
 */
export const drawSummary = (tick, version) => {
  drawStatus(tick, version)
  drawTiles(tick)
  drawUploads(tick)
  drawDisks(tick)
}
