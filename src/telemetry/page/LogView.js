// @ts-check
/** @import { Tick } from "../LiveMessages.ts" */
import { byId, make, setText, show } from "./elements.js"
import * as formats from "./formats.js"

const kept = 200

/** The last log lines that somebody should read, newest first. */
export class LogView {
  #list = byId("log")

  /** Forgets what an earlier connection told. */
  begin() {
    this.#list.replaceChildren()
  }

  /** @param {Tick["log"]} entries oldest first */
  add(entries) {
    for (const { atMillis, dataType, exchange, level, message, symbol } of entries) {
      const line = make("li")
      line.dataset["level"] = level === "Warn" ? "stale" : "down"
      const time = make("time", "", formats.timeOfDay(atMillis))
      time.setAttribute("datetime", new Date(atMillis).toISOString())
      time.title = time.getAttribute("datetime") ?? ""
      line.append(time, " ", make("b", "level", level === "Warn" ? "warning" : level.toLowerCase()), " ")
      if (exchange !== undefined) {
        line.append(
          make("span", "feed", [exchange, symbol, dataType].filter((part) => part !== undefined).join("/")),
          " "
        )
      }
      line.append(make("span", "message", message))
      this.#list.prepend(line)
    }
    while (this.#list.childElementCount > kept) this.#list.lastElementChild?.remove()
    const lines = this.#list.childElementCount
    show(this.#list, lines > 0)
    show(byId("log-empty"), lines === 0)
    setText(byId("log-count"), lines === 0 ? "" : `${formats.count(lines)} · times in UTC`)
  }
}
