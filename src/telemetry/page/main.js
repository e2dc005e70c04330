// @ts-check
import * as Choice from "./Choice.js"
import { listen } from "./connection.js"
import { byId, setText, show } from "./elements.js"
import { FeedTable } from "./FeedTable.js"
import * as formats from "./formats.js"
import { LogView } from "./LogView.js"
import { RecorderClock } from "./RecorderClock.js"
import { Sparkline } from "./Sparkline.js"
import { drawSummary } from "./summary.js"

const clock = new RecorderClock()
const table = new FeedTable(clock, Choice.read(location.hash), (choice) => {
  history.replaceState(null, "", Choice.write(choice) || location.pathname + location.search)
  table.show(choice)
})
addEventListener("hashchange", () => table.show(Choice.read(location.hash)))
const log = new LogView()
const events = new Sparkline(byId("events-sparkline"))
let version = ""

listen("events", {
  hello: (hello) => {
    if (version !== "" && hello.version !== version) {
      // Another recorder than the one that this page came from: what it tells is for a page of its own.
      location.reload()
      return
    }
    version = hello.version
    table.begin(hello)
    log.begin()
    document.body.classList.remove("is-lost")
    show(byId("lost"), false)
  },
  tick: (tick) => {
    clock.tell(tick.now)
    drawSummary(tick, version)
    table.update(tick)
    if (tick.points.length > 0 || byId("main").ariaBusy === "true") events.draw(table.sum())
    log.add(tick.log)
    byId("main").ariaBusy = "false"
  },
  lost: () => {
    clock.stop()
    const known = clock.now()
    const banner = byId("lost")
    setText(
      banner,
      known === 0
        ? "The recorder does not answer. Trying again."
        : `Connection to the recorder lost at ${formats.timeOfDay(known)} UTC. What you see is of then. Trying again.`
    )
    show(banner, true)
    document.body.classList.add("is-lost")
    document.title = "✕ connection lost · ticklake"
  }
})

// Between two ticks, and a little more often than the text changes.
setInterval(() => table.drawAges(), 500)
