// @ts-check
/** @import { Choice } from "./Choice.js" */
/** @import { Group } from "./Feed.js" */
/** @import { FeedRow, Hello, Tick } from "../LiveMessages.ts" */
import { matches } from "./Choice.js"
import { columns, sorted } from "./columns.js"
import { byId, make, setText, show } from "./elements.js"
import { Feed, groups, signs } from "./Feed.js"
import { FeedRowView } from "./FeedRowView.js"
import * as formats from "./formats.js"

/** Rows that change places each second cannot be read. */
const reorderMillis = 5000

/** @type {Readonly<Record<Group | "all", string>>} */
const groupNames = { all: "all", down: "down", stale: "stale", opening: "connecting", live: "live" }

/** The table of feeds: sorted, filtered, and drawn where it is in sight. */
export class FeedTable {
  #body = byId("feeds")
  #template = /** @type {HTMLTemplateElement} */ (byId("feed-row")).content
  #search = /** @type {HTMLInputElement} */ (byId("search"))
  /** @type {Array<Feed>} */
  #feeds = []
  /** @type {Array<FeedRowView>} */
  #views = []
  /** @type {Map<Element, FeedRowView>} */
  #byElement = new Map()
  /** @type {Map<string, HTMLElement>} */
  #headers = new Map()
  /** @type {Map<Group | "all", { readonly button: HTMLElement, readonly number: HTMLElement }>} */
  #groupButtons = new Map()
  #orderedAt = 0
  #clock
  #choice
  #choose
  #observer = new IntersectionObserver((entries) => {
    const now = this.#clock.now()
    for (const { isIntersecting, target } of entries) {
      const view = this.#byElement.get(target)
      if (view === undefined) continue
      view.visible = isIntersecting
      if (isIntersecting) view.draw(now)
    }
  }, { rootMargin: "300px" })

  /**
   * @param {import("./RecorderClock.js").RecorderClock} clock
   * @param {Choice} choice
   * @param {(choice: Choice) => void} choose told what the reader chooses
   */
  constructor(clock, choice, choose) {
    this.#clock = clock
    this.#choice = choice
    this.#choose = choose
    for (const { first, name, title } of columns) {
      const header = make("th", name)
      header.setAttribute("role", "columnheader")
      header.setAttribute("scope", "col")
      const button = make("button", "", title)
      button.setAttribute("type", "button")
      button.addEventListener("click", () => {
        const { direction, sort } = this.#choice
        const other = direction === "ascending" ? "descending" : "ascending"
        this.#choose({ ...this.#choice, sort: name, direction: sort === name ? other : first })
      })
      header.append(button)
      byId("columns").append(header)
      this.#headers.set(name, header)
    }
    for (const group of /** @type {const} */ (["all", ...groups])) {
      const button = make("button", "group")
      button.setAttribute("type", "button")
      button.dataset["group"] = group
      const number = make("span", "count")
      if (group !== "all") {
        const sign = make("span", "sign", signs[group])
        sign.setAttribute("aria-hidden", "true")
        sign.dataset["level"] = group
        button.append(sign, " ")
      }
      button.append(`${groupNames[group]} `, number)
      button.addEventListener("click", () => this.#choose({ ...this.#choice, group }))
      byId("groups").append(button)
      this.#groupButtons.set(group, { button, number })
    }
    this.#search.addEventListener("input", () => this.#choose({ ...this.#choice, search: this.#search.value.trim() }))
    this.show(choice)
  }

  /** @param {Choice} choice */
  show(choice) {
    this.#choice = choice
    if (this.#search.value.trim() !== choice.search) this.#search.value = choice.search
    for (const [name, header] of this.#headers) {
      header.setAttribute("aria-sort", name === choice.sort ? choice.direction : "none")
    }
    for (const [group, { button }] of this.#groupButtons) {
      button.setAttribute("aria-pressed", String(group === choice.group))
    }
    this.#filter()
    this.#order()
  }

  /** @param {Hello} hello */
  begin({ feeds }) {
    this.#observer.disconnect()
    this.#byElement.clear()
    this.#feeds = feeds.map((described, index) => new Feed(described, index))
    this.#views = this.#feeds.map((feed) => new FeedRowView(feed, this.#template))
    for (const view of this.#views) this.#byElement.set(view.element, view)
    this.#orderedAt = 0
    this.#body.replaceChildren(...this.#views.map(({ element }) => element))
    for (const { element } of this.#views) this.#observer.observe(element)
    this.#filter()
  }

  /** @param {Tick} tick */
  update({ feeds, now, points }) {
    let regrouped = false
    for (const row of feeds) regrouped = this.#updateFeed(row, now) || regrouped
    for (const [index, value] of points) {
      this.#feeds[index]?.addPoint(value)
      this.#views[index]?.pointAdded()
    }
    // A search also looks at what feeds say, which may be something else each second.
    if (regrouped || this.#choice.search !== "") this.#filter()
    if (regrouped || now - this.#orderedAt >= reorderMillis) this.#order()
  }

  /** Draws what changes by itself as time goes by. */
  drawAges() {
    const now = this.#clock.now()
    for (const view of this.#views) if (view.visible) view.drawAges(now)
  }

  /** Events per second of all feeds, oldest first. */
  sum() {
    const sum = new Float64Array(this.#feeds[0]?.points.length ?? 0)
    for (const { points } of this.#feeds) points.forEach((value, at) => sum[at] = (sum[at] ?? 0) + value)
    return sum
  }

  /**
   * @param {FeedRow} row
   * @param {number} now
   * @returns whether the feed has gone from one group to another
   */
  #updateFeed(row, now) {
    const feed = this.#feeds[row[0]]
    if (feed === undefined) return false
    const { group } = feed
    feed.update(row)
    this.#views[row[0]]?.changed(now)
    return group !== feed.group
  }

  #filter() {
    const { group, search } = this.#choice
    const counts = { all: 0, down: 0, stale: 0, opening: 0, live: 0 }
    let shown = 0
    this.#feeds.forEach((feed, index) => {
      const found = matches(feed, search)
      if (found) {
        counts.all++
        counts[feed.group]++
      }
      const wanted = found && (group === "all" || group === feed.group)
      if (wanted) shown++
      const element = this.#views[index]?.element
      if (element !== undefined) show(element, wanted)
    })
    for (const [name, { button, number }] of this.#groupButtons) {
      const found = counts[name]
      setText(number, formats.count(found))
      button.toggleAttribute("data-zero", found === 0)
    }
    const none = byId("no-feeds")
    show(none, shown === 0)
    setText(none, this.#feeds.length === 0 ? "No feeds yet." : "No feed matches what you filter for.")
  }

  #order() {
    const { direction, sort } = this.#choice
    this.#orderedAt = this.#clock.now()
    /** @type {Element | null} */
    let place = this.#body.firstElementChild
    for (const { index } of sorted(this.#feeds, sort, direction)) {
      const element = this.#views[index]?.element
      if (element === undefined) continue
      if (element === place) place = place.nextElementSibling
      else this.#body.insertBefore(element, place)
    }
  }
}
