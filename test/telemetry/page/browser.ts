import { Effect, Schedule } from "effect"
import { existsSync } from "node:fs"
import { type BrowserContextOptions, chromium, type Page } from "playwright-core"

const executablePath = process.env["TICKLAKE_CHROMIUM"] || "/usr/bin/chromium"

/** Why the page cannot be looked at here; null where it can. */
export const noBrowser = existsSync(executablePath)
  ? null
  : `skipped: there is no ${executablePath}; install Debian's chromium, or name another with TICKLAKE_CHROMIUM`

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

/** A page as a reader sees it, in a browser and a profile of its own. */
export interface Visit {
  readonly page: Page
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: ReadonlyArray<string>
  /** Everything that was asked for. */
  readonly requests: ReadonlyArray<string>
  readonly go: <A>(step: (page: Page) => Promise<A>) => Effect.Effect<A>
  /** Waits for an expression of the page to be true. */
  readonly until: (expression: string) => Effect.Effect<void>
}

/** Opens `url` in headless Chromium. */
export const visit = Effect.fnUntraced(function*(url: string, options: BrowserContextOptions = {}) {
  const browser = yield* Effect.acquireRelease(
    Effect.promise(() => chromium.launch({ executablePath, args })),
    (browser) => Effect.promise(() => browser.close())
  )
  const page = yield* Effect.promise(() => browser.newPage({ viewport: { width: 1360, height: 860 }, ...options }))
  const complaints: Array<string> = []
  const requests: Array<string> = []
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text())
  })
  page.on("pageerror", (error) => complaints.push(String(error)))
  page.on("request", (request) => requests.push(request.url()))
  const go = <A>(step: (page: Page) => Promise<A>) => Effect.promise(() => step(page))
  yield* go((page) => page.goto(url))
  const made: Visit = {
    page,
    complaints,
    requests,
    go,
    // The page's own rules forbid what `waitForFunction` does with an expression. What throws is not true yet.
    until: (expression) =>
      go((page) => page.evaluate<boolean>(`(() => { try { return Boolean(${expression}) } catch { return false } })()`))
        .pipe(
          Effect.repeat({ schedule: Schedule.spaced("30 millis"), until: (met) => met }),
          Effect.asVoid
        )
  }
  return made
})

/** In the page: the row of a feed. */
export const row = (id: string): string => `document.querySelector('tr[data-feed="${id}"]')`

/** In the page: the feeds in sight, in their order. */
export const shownFeeds = `[...document.querySelectorAll("#feeds tr:not([hidden])")].map((row) => row.dataset.feed)`
