// @ts-check
/** @import { Feed } from "./Feed.js" */
import { setCount, setLevel, setText, setTitle, show, within } from "./elements.js"
import { signs } from "./Feed.js"
import * as formats from "./formats.js"
import { Sparkline } from "./Sparkline.js"

/** The row of one feed. Nothing is written into it while it is out of sight. */
export class FeedRowView {
  visible = false
  #behind = true
  #pointsBehind = true
  /** @type {Feed} */
  #feed
  /** @type {Sparkline | null} */
  #sparkline = null
  #pill
  #sign
  #state
  #rate
  #age
  #latency
  #drops
  #reconnects
  #complete
  #file
  #reason
  #spark

  /**
   * @param {Feed} feed
   * @param {DocumentFragment} template
   */
  constructor(feed, template) {
    this.#feed = feed
    const copy = /** @type {DocumentFragment} */ (template.cloneNode(true))
    const row = within(copy, "tr")
    this.element = row
    this.#pill = within(row, ".pill")
    this.#sign = within(row, ".sign")
    this.#state = within(row, ".sign + span")
    this.#rate = within(row, ".rate span")
    this.#spark = row.getElementsByTagName("svg")[0]
    this.#age = within(row, ".age")
    this.#latency = within(row, ".latency")
    this.#drops = within(row, ".drops")
    this.#reconnects = within(row, ".reconnects")
    this.#complete = within(row, ".complete")
    this.#file = within(row, ".file")
    this.#reason = within(row, ".reason")
    within(row, ".exchange").textContent = feed.exchange
    within(row, ".feed b").textContent = feed.symbol
    within(row, ".type").textContent = feed.dataType
    row.dataset["feed"] = feed.id
    row.dataset["level"] = "opening"
  }

  /**
   * The feed is not as it was.
   * @param {number} now by the recorder's clock
   */
  changed(now) {
    this.#behind = true
    // The colour of a row counts for those who scroll by, too.
    setLevel(this.element, this.#feed.group)
    if (this.visible) this.draw(now)
  }

  /** The sparkline is not as it was. */
  pointAdded() {
    this.#pointsBehind = true
    if (this.visible) this.#drawPoints()
  }

  /** @param {number} now by the recorder's clock */
  draw(now) {
    if (this.#behind) this.#drawValues(now)
    if (this.#pointsBehind) this.#drawPoints()
    this.drawAges(now)
  }

  /**
   * What changes by itself as time goes by.
   * @param {number} now by the recorder's clock
   */
  drawAges(now) {
    const { lastEventAt, nextAttemptAt, reason } = this.#feed
    setText(this.#age, lastEventAt === null ? formats.unknown : formats.age(now - lastEventAt))
    show(this.#reason, reason !== null)
    if (reason === null) return
    const next = nextAttemptAt === null ? "" : ` · next attempt in ${formats.duration(nextAttemptAt - now + 999)}`
    setText(this.#reason, reason + next)
  }

  /** @param {number} now */
  #drawValues(now) {
    const {
      dataType,
      dropped,
      exchange,
      group,
      latencyMillis,
      openFile,
      openFileBytes,
      rate,
      reconnects,
      state,
      symbol
    } = this.#feed
    this.#behind = false
    setLevel(this.#pill, group)
    setText(this.#sign, signs[group])
    setText(this.#state, state)
    setText(this.#rate, formats.rate(rate))
    setText(this.#latency, formats.millis(latencyMillis))
    this.#latency.toggleAttribute("data-zero", latencyMillis === null)
    setCount(this.#drops, dropped)
    setCount(this.#reconnects, reconnects)
    this.#drawComplete(now)
    // The feed's own name, which the row has already, is left out of the file's.
    const name = openFile?.split("/").at(-1)?.replace(`${exchange}.${symbol}.${dataType}.`, "").replace(
      /\.parquet$/,
      ""
    )
    setText(this.#file, name === undefined ? formats.unknown : `${name} · ${formats.bytes(openFileBytes)}`)
    this.#file.title = openFile ?? ""
  }

  /** @param {number} now */
  #drawComplete(now) {
    const { complete, gapSeconds, knownSince, objective } = this.#feed
    const cell = this.#complete
    const gaps = gapSeconds === 0 ? "" : formats.duration(gapSeconds * 1000)
    cell.toggleAttribute("data-zero", complete === null)
    setLevel(cell, complete === false ? "idle" : this.#feed.lacksTooMuch(now) ? "stale" : "")
    if (complete === null || knownSince === null) {
      setText(cell, formats.unknown)
      setTitle(cell, "Not known yet.")
      return
    }
    const since = formats.withinDay(knownSince, now)
    const span = since === null ? "the last day" : `since ${since} UTC`
    if (complete === false) {
      setText(cell, gaps === "" ? "n.p." : `n.p. · ${gaps}`)
      setTitle(
        cell,
        `Not provable: the venue sends no number that would show what is missing. Known gaps, ${span}: ${
          gaps || "none"
        }.`
      )
      return
    }
    setText(cell, formats.percent(complete))
    const wanted = objective === 0 ? "" : `, ${formats.percent(objective)} wanted of a day`
    const unknown = gaps === "" ? "" : ` ${gaps} in gaps whose missing events nobody can count.`
    setTitle(cell, `${formats.percent(complete)} recorded, ${span}${wanted}.${unknown}`)
  }

  #drawPoints() {
    this.#pointsBehind = false
    if (this.#spark === undefined) return
    this.#sparkline ??= new Sparkline(this.#spark)
    this.#sparkline.draw(this.#feed.points)
  }
}
