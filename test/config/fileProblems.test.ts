import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { errorOf, load, market } from "./problemsOf.ts"

interface Case {
  readonly name: string
  readonly text: string
  readonly path: string
  readonly expected: RegExp
  readonly instead: RegExp
}

const inMarket = (name: string, lines: string, path: string, expected: RegExp, instead: RegExp): Case => ({
  name,
  text: `[[markets]]\n${lines}\n`,
  path: `markets[0]${path}`,
  expected,
  instead
})

const inTable = (name: string, lines: string, path: string, expected: RegExp, instead: RegExp): Case => ({
  name,
  text: `${lines}\n${market}`,
  path,
  expected,
  instead
})

const symbol = (venue: string, written: string, instead: RegExp): Case =>
  inMarket(
    `${written} for ${venue}`,
    `exchange = "${venue}"\nsymbols = ["${written}"]`,
    ".symbols[0]",
    new RegExp(`\\(${venue}\\), such as `),
    instead
  )

const escaping = (written: string): Case =>
  inMarket(
    `symbol ${written} that would leave its folder`,
    `exchange = "kraken"\nsymbols = ["${written}"]`,
    ".symbols[0]",
    /^a symbol that can name a folder/,
    /as the venue does/
  )

const okx = "exchange = \"okx\"\nsymbols = [\"BTC-USDT\"]\n"

const cases: ReadonlyArray<Case> = [
  inTable("unknown table", "[websockets]", "websockets", /ticklake knows/, /did you mean websocket\?/),
  inTable("unknown key", "[storage]\nmode = \"local\"\ndatadir = \"x\"", "storage.datadir", /knows/, /mean data_dir\?/),
  inTable("key of another table", "[storage]\nbucket = \"x\"", "storage.bucket", /knows/, /move it to \[aws\]/),
  inTable("key outside of its table", "retention_days = 1", "retention_days", /knows/, /move it to \[logging\]/),
  inTable(
    "key like no other",
    "[http]\nzzzzzzz = 1",
    "http.zzzzzzz",
    /knows/,
    /remove it; the keys here are host, port/
  ),
  inTable("secret in the file", "[aws]\nsecret_key = \"x\"", "aws.secret_key", /knows/, /environment/),
  inTable("key that needs quotes", "[http]\n\"a b\\u001b\" = 1", "http.\"a b\\u001b\"", /knows/, /remove it/),
  inMarket("unknown key of a market", `${okx}symbol = "x"`, ".symbol", /knows/, /mean symbols\?/),
  inTable("value in place of a table", "http = 5", "http", /a table, \[http\]/, /write \[http\]/),
  inTable("number in quotes", "[http]\nport = \"9091\"", "http.port", /port from 0/, /port = 9091, without quotes/),
  inTable("port too high", "[http]\nport = 65536", "http.port", /from 0 to 65535/, /port = 9090, the default/),
  inTable("port below zero", "[http]\nport = -1", "http.port", /from 0 to 65535/, /9090/),
  inTable("host with a space", "[http]\nhost = \"a b\"", "http.host", /host name/, /host = "127.0.0.1", the default/),
  inTable("delay of zero", "[websocket]\nmax_retry_delay_secs = 0", "websocket.max_retry_delay_secs", /above 0/, /60/),
  inTable("delay not a number", "[upload]\nmax_retry_delay_secs = nan", "upload.max_retry_delay_secs", /above 0/, /30/),
  inTable(
    "timeout for ever",
    "[websocket]\nmessage_timeout_secs = inf",
    "websocket.message_timeout_secs",
    /most/,
    /120/
  ),
  inTable("negative time", "[shutdown]\nstorage_secs = -1", "shutdown.storage_secs", /above 0/, /30/),
  inTable("half an event", "[websocket]\nqueue_capacity = 1.5", "websocket.queue_capacity", /whole number/, /1000/),
  inTable("budget of nothing", "[storage]\nmemory_budget_mb = 0", "storage.memory_budget_mb", /MB from 1/, /64/),
  inTable("budget too high", "[storage]\nmemory_budget_mb = 9999999", "storage.memory_budget_mb", /to 65536/, /64/),
  inTable("commits too rare", "[storage]\ncommit_interval_ms = 60001", "storage.commit_interval_ms", /60000/, /1000/),
  inTable("empty files", "[storage]\nmax_file_size_mb = 0", "storage.max_file_size_mb", /above 0/, /500/),
  inTable("no attempts", "[upload]\nmax_attempts = 0", "upload.max_attempts", /from 1/, /5, the default/),
  inTable("no folder", "[storage]\ndata_dir = \"\"", "storage.data_dir", /folder/, /data\/parquet/),
  ...["~", "~/x", "~ada/x", "$HOME/x", "%APPDATA%", "file:///x", "s3://bucket/x", "  "].map((path) =>
    inTable(`folder ${path}`, `[storage]\nlocal_path = "${path}"`, "storage.local_path", /folder/, /data\/archive/)
  ),
  inTable("folder with NUL", "[logging]\ndir = \"a\\u0000\"", "logging.dir", /folder/, /"logs"/),
  inTable("word in place of a switch", "[aws]\nforce_path_style = \"yes\"", "aws.force_path_style", /true or/, /false/),
  inTable("unknown mode", "[storage]\nmode = \"locl\"", "storage.mode", /"local"/, /write "local"/),
  inTable(
    "initial above max",
    "[websocket]\ninitial_retry_delay_secs = 61",
    "websocket.initial_retry_delay_secs",
    /at most websocket.max_retry_delay_secs, which is 60/,
    /= 60 or less, or max_retry_delay_secs = 61/
  ),
  inTable(
    "initial above max in upload",
    "[upload]\nmax_retry_delay_secs = 0.5",
    "upload.initial_retry_delay_secs",
    /which is 0.5/,
    /0.5 or less/
  ),
  inTable(
    "one folder for both",
    "[storage]\nlocal_path = \"./data/x/../parquet/\"",
    "storage.local_path",
    /the same folder/,
    /data\/archive/
  ),
  inTable(
    "archive inside",
    "[storage]\nlocal_path = \"data/parquet/..x\"",
    "storage.local_path",
    /inside it/,
    /archive/
  ),
  inTable("archive around", "[storage]\nlocal_path = \"data\"", "storage.local_path", /around it/, /data\/archive/),
  ...["../x", ".x", "a/b", "", "a\\u0000", "tokyo 1", "_x", "2026-01-01"].map((name) =>
    inTable(
      `home_server_name ${name}`,
      `[aws]\nhome_server_name = "${name}"`,
      "aws.home_server_name",
      /one path segment/,
      /"tokyo-1"/
    )
  ),
  inTable("endpoint of another kind", "[aws]\nendpoint = \"ftp://x\"", "aws.endpoint", /http:\/\//, /endpoint = /),
  inTable(
    "credentials in endpoint",
    "[aws]\nendpoint = \"http://a:hunter2@x\"",
    "aws.endpoint",
    /without cred/,
    /AWS_SEC/
  ),
  inTable(
    "query in endpoint",
    "[aws]\nendpoint = \"http://x/?token=hunter2\"",
    "aws.endpoint",
    /without a q/,
    /remove/
  ),
  inTable("fragment in endpoint", "[aws]\nendpoint = \"http://x/#a\"", "aws.endpoint", /without a q/, /remove/),
  { name: "no markets", text: "", path: "markets", expected: /no default/, instead: /\[\[markets\]\]/ },
  {
    name: "empty markets",
    text: "markets = []",
    path: "markets",
    expected: /at least one/,
    instead: /\[\[markets\]\]/
  },
  { name: "one bracket", text: "[markets]", path: "markets", expected: /at least one/, instead: /two brackets/ },
  inMarket("no exchange", "symbols = [\"x\"]", ".exchange", /no default/, /exchange = "binance"/),
  inMarket("no symbols", "exchange = \"okx\"", ".symbols", /no default/, /symbols = /),
  inMarket("empty symbols", "exchange = \"okx\"\nsymbols = []", ".symbols", /at least one symbol/, /symbols = /),
  inMarket("one symbol", "exchange = \"okx\"\nsymbols = \"BTC-USDT\"", ".symbols", /at least one symbol/, /brackets/),
  inMarket("number as symbol", "exchange = \"okx\"\nsymbols = [5]", ".symbols[0]", /in quotes/, /in quotes/),
  inMarket(
    "misspelled exchange",
    "exchange = \"Biance\"\nsymbols = [\"x\"]",
    ".exchange",
    /"binance"/,
    /write "binance"/
  ),
  inMarket("unknown exchange", "exchange = \"kraken\"\nsymbols = [\"x\"]", ".exchange", /"okx"/, /one of "binance", /),
  inMarket("empty feeds", `${okx}feeds = []`, ".feeds", /not empty/, /feeds = \["orderbook","trades"\]/),
  inMarket("feeds twice", `${okx}feeds = ["trades", "trades"]`, ".feeds", /at most once/, /feeds = /),
  inMarket("misspelled feed", `${okx}feeds = ["trade"]`, ".feeds[0]", /"trades"/, /write "trades"/),
  inMarket("feeds without brackets", `${okx}feeds = "order_book"`, ".feeds", /a list/, /feeds = \["orderbook"\]/),
  inMarket(
    "more than all",
    `${okx}completeness_objective = 99.9`,
    ".completeness_objective",
    /from 0 to 1/,
    /= 0\.999/
  ),
  inMarket("timeout of zero", `${okx}data_timeout_secs = 0`, ".data_timeout_secs", /above 0/, /= 600/),
  inMarket(
    "http base_url",
    `${okx}base_url = "https://x"`,
    ".base_url",
    /^a ws:\/\/ or wss:\/\/ URL$/,
    /with wss:\/\//
  ),
  inMarket("base_url without scheme", `${okx}base_url = "x.example/ws"`, ".base_url", /wss:\/\//, /for example/),
  inMarket(
    "credentials in base_url",
    `${okx}base_url = "wss://a:hunter2@x"`,
    ".base_url",
    /without cred/,
    /before the @/
  ),
  inMarket("fragment in base_url", `${okx}base_url = "wss://x/#a"`, ".base_url", /fragment/, /remove the #/),
  inMarket(
    "https in base_urls",
    `${okx}base_urls = ["https://x"]`,
    ".base_urls[0]",
    /^a ws:/,
    /begin .* with wss:\/\/$/
  ),
  inMarket("no URL in base_urls", `${okx}base_urls = ["x"]`, ".base_urls[0]", /^a ws:/, /^write for example "wss:/),
  inMarket(
    "credentials in base_urls",
    `${okx}paths = 2\nbase_urls = ["wss://y", "wss://a:hunter2@x"]`,
    ".base_urls[1]",
    /without cred/,
    /before the @/
  ),
  inMarket(
    "a URL of another kind, which is compared with no other",
    `exchange = "coinbase"\nsymbols = ["BTC-USD"]\npaths = 2\nbase_urls = ["wss://x", "https://ws-feed.y"]`,
    ".base_urls[1]",
    /^a ws:/,
    /^begin the URL with wss:/
  ),
  inMarket("empty base_urls", `${okx}base_urls = []`, ".base_urls", /a list of 1 to 4 ws/, /base_urls = \["wss:/),
  inMarket(
    "too many base_urls",
    `${okx}paths = 4\nbase_urls = ["wss://a", "wss://b", "wss://c", "wss://d", "wss://e"]`,
    ".base_urls",
    /^a list of 1 to 4 ws/,
    /base_urls = \["wss:/
  ),
  inMarket(
    "one URL in place of a list",
    `${okx}base_urls = "wss://x"`,
    ".base_urls",
    /^a list of 1 to 4 ws/,
    /base_urls = \["wss:/
  ),
  inMarket(
    "base_url and base_urls",
    `${okx}base_url = "wss://a"\nbase_urls = ["wss://b"]`,
    ".base_urls",
    /^either base_url or base_urls/,
    /into base_urls$/
  ),
  inMarket(
    "more URLs than paths",
    `${okx}base_urls = ["wss://a", "wss://b"]`,
    ".base_urls",
    /paths is 1$/,
    /^write paths = 2/
  ),
  inMarket("no path", `${okx}paths = 0`, ".paths", /connections from 1 to 4/, /paths = 1, the default/),
  inMarket("too many paths", `${okx}paths = 5`, ".paths", /connections from 1 to 4/, /paths = 1/),
  inMarket("word for repair", `${okx}repair = "no"`, ".repair", /^true or false$/, /repair = true, the default/),
  inMarket("wss in rest_url", `${okx}rest_url = "wss://x"`, ".rest_url", /^an http:/, /begin .* with https:\/\/$/),
  inMarket("no URL in rest_url", `${okx}rest_url = "x.example"`, ".rest_url", /^an http:/, /rest_url = "https:/),
  inMarket("credentials in rest_url", `${okx}rest_url = "https://a:hunter2@x"`, ".rest_url", /without cred/, /the @/),
  inMarket("fragment in rest_url", `${okx}rest_url = "https://x/#a"`, ".rest_url", /fragment/, /remove the #/),
  inMarket("query in rest_url", `${okx}rest_url = "https://x/?a=hunter2"`, ".rest_url", /query/, /remove the \?/),
  ...([
    ["coinbase", "BTC-USD", "wss://advanced-trade-ws.coinbase.com", "wss://ws-feed.exchange.coinbase.com", "Exchange"],
    ["coinbase", "BTC-USD", "ws://x/a", "ws://x/ws-feed", "Coinbase Exchange"],
    ["binance", "btcusdt", "wss://stream.binance.com:9443", "wss://stream.binance.us:9443", "Binance.US"],
    ["binance", "btcusdt", "wss://a", "wss://stream.testnet.binance.vision", "Binance's testnet"],
    ["binance", "btcusdt", "wss://a", "wss://demo-stream.binance.com", "Binance's demo"],
    ["binance", "btcusdt", "wss://a", "wss://b/ws?timeUnit=microsecond", "Binance in microseconds"],
    ["upbit", "KRW-BTC", "wss://api.upbit.com/websocket/v1", "wss://sg-api.upbit.com/websocket/v1", "Upbit sg"],
    ["okx", "BTC-USDT", "wss://ws.okx.com:8443", "wss://wspap.okx.com:8443", "OKX's demo"],
    ["bybit", "BTCUSDT", "wss://stream.bybit.com", "wss://stream-testnet.bybit.com", "Bybit's testnet"]
  ] as const).map(([venue, symbol, one, other, leads]) =>
    inMarket(
      `another market among base_urls: ${leads}`,
      `exchange = "${venue}"\nsymbols = ["${symbol}"]\npaths = 2\nbase_urls = ["${one}", "${other}"]`,
      ".base_urls[1]",
      new RegExp(`^a URL of .*, but it leads to .*${leads}$`),
      /a data_dir of its own$/
    )
  ),
  symbol("okx", "BTCUSDT", /^write "BTC-USDT"$/),
  symbol("okx", "btc-usdt", /^write "BTC-USDT"$/),
  symbol("okx", "BTC/USDT", /^write "BTC-USDT"$/),
  symbol("okx", "KRW-BTC", /^write "BTC-KRW"$/),
  symbol("binance", "BTC-USDT", /^write "btcusdt"$/),
  symbol("bybit", "btcusdt", /^write "BTCUSDT"$/),
  symbol("coinbase", "btc_usd", /^write "BTC-USD"$/),
  symbol("upbit", "BTC-KRW", /^write "KRW-BTC"$/),
  symbol("upbit", "btckrw", /^write "KRW-BTC"$/),
  symbol("okx", "BTC USDT", /^write "BTC-USDT"$/),
  symbol("okx", "???", /as okx does, such as "BTC-USDT"$/),
  ...["../x", "..", ".", "/", "-", "a\\\\b", "a\\u0000", "a\\nb", "", "x".repeat(61)].filter((written) =>
    written !== ""
  )
    .map(escaping)
]

describe("a problem of the file", () => {
  it.effect.each(cases)("$name", ({ text, path, expected, instead }) =>
    Effect.gen(function*() {
      const error = yield* errorOf(text)
      const found = error.problems.filter((problem) => problem.path === path)
      assert.strictEqual(found.length, 1, error.message)
      assert.match(found[0]?.expected ?? "", expected)
      assert.match(found[0]?.instead ?? "", instead)
      const others = error.problems.filter((problem) => problem.path !== path && problem.path !== "markets[0].exchange")
      assert.deepStrictEqual(others, [], error.message)
      assert.notInclude(error.message, "hunter2")
    }))

  const list = (exchange: string, symbols: string) =>
    `[[markets]]\nexchange = "${exchange}"\nsymbols = ["${symbols.replaceAll(" ", "\", \"")}"]\n`

  it.effect.each([
    { name: "the same symbol twice", text: market + market, place: "markets[1].symbols[0]" },
    { name: "within a list", text: list("okx", "A-B C-D A-B"), place: "markets[0].symbols[2]" },
    { name: "equal normalized symbols", text: list("okx", "AB-C A-BC"), place: "markets[0].symbols[1]" },
    { name: "in other case", text: list("binance", "btcusdt BTCUSDT"), place: "markets[0].symbols[1]" },
    { name: "overlap of data types", text: `${market}feeds = ["trades"]\n${market}`, place: "markets[1].symbols[0]" }
  ])("duplicate feeds: $name", ({ text, place }) =>
    Effect.gen(function*() {
      const { problems } = yield* errorOf(text)
      assert.deepStrictEqual(problems.map(({ path }) => path), [place])
      assert.match(problems[0]?.expected ?? "", /^each feed once, but markets\[0\]\.symbols\[0\] already is \w+\//)
      assert.strictEqual(problems[0]?.instead, "remove it here or at markets[0].symbols[0]")
    }))

  it.effect("the data types of a symbol may stand apart", () =>
    Effect.gen(function*() {
      const { feeds } = yield* load(`${market}feeds = ["trades"]\n${market}feeds = ["orderbook"]`)
      assert.deepStrictEqual(feeds.map(({ feed }) => feed.id), ["okx/btcusdt/trade", "okx/btcusdt/orderbook"])
    }))

  it.effect("names the feeds that are there twice", () =>
    Effect.gen(function*() {
      const { problems } = yield* errorOf(`${market}feeds = ["trades"]\n${market}`)
      assert.match(problems[0]?.expected ?? "", /already is okx\/btcusdt\/trade$/)
    }))
})
