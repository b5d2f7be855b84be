/**
 * One of the clients for bench/proxy.ts, or of the servers behind the proxies: `proxy-load.ts serve` prints its authority, `proxy-load.ts
 * KIND PORT AUTHORITY CONNECTIONS SECONDS` a line when the proxy is warm, and what went through once it was told to go on. Sockets
 * and fixed octets alone, so that the proxy is what is measured.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

const [kind = '', portText = '', authority = '', connectionsText = '', secondsText = ''] = process.argv.slice(2)
const port = Number(portText)
const connections = Number(connectionsText)
const seconds = Number(secondsText)
const WARM = 5000
const BODY = 'x'.repeat(1000)
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
)
const BANNER = Buffer.from('SSH-2.0-bench\r\n')
/** As much as costs whoever sends and takes it little: what a proxy does is to be measured. */
const ZEROS = Buffer.alloc(1 << 20)

const CONNECT = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`
const GET = `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`
const GET_ONCE = GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')

let count = 0
let octets = 0
let failed = 0
const times: number[] = []
let isOver = false

/** One request after another on one connection. */
function keepAsking(): void {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let text = ''
  let start = 0
  const ask = (): void => {
    start = performance.now()
    socket.write(GET)
  }
  socket.on('connect', ask)
  socket.on('error', () => failed++)
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1')
    if (!text.endsWith(BODY)) return
    if (!text.startsWith('HTTP/1.1 200')) failed++
    text = ''
    count++
    times.push(performance.now() - start)
    if (!isOver) ask()
  })
  socket.on('end', () => isOver || keepAsking())
}

/** A connection, what it says until `isWhole`, and the next connection. */
function askAnew(first: string, then: Buffer | null, isWhole: (text: string) => boolean): void {
  const start = performance.now()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let text = ''
  let isOpen = then === null
  socket.on('connect', () => socket.write(first))
  socket.on('error', () => failed++)
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1')
    if (!isOpen && text.includes('\r\n\r\n')) {
      isOpen = true
      if (!/^HTTP\/1\.. 200/.test(text)) failed++
      text = ''
      socket.write(then!)
    } else if (isOpen && isWhole(text)) {
      count++
      times.push(performance.now() - start)
      socket.destroy()
    }
  })
  socket.on('close', () => isOver || askAnew(first, then, isWhole))
}

function pour(): void {
  let isOpen = false
  const callback = (length: number): boolean => {
    octets += length
    if (!isOpen) socket.write('SSH-2.0-all\r\n')
    return (isOpen = true)
  }
  const socket = connect({ port, host: '127.0.0.1', onread: { buffer: Buffer.alloc(1 << 20), callback } })
  socket.on('connect', () => socket.write(CONNECT))
  socket.on('error', () => failed++)
}

/** Tunnels that are open and say nothing more; stays until it is killed. */
async function hold(most: number): Promise<void> {
  const sockets: Socket[] = []
  for (let index = 0; index < most; index++) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => failed++)
    sockets.push(socket)
    await once(socket, 'connect')
    socket.write(CONNECT)
    await once(socket, 'data')
    socket.write(BANNER)
    await once(socket, 'data')
  }
}

/** Requests get the answer, a banner is said back, `SSH-2.0-all` is answered with octets without end. */
async function serve(): Promise<void> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (piece: Buffer) => {
      if (piece.includes('SSH-2.0-all')) {
        const pour = (): void => {
          while (socket.write(ZEROS)) continue
        }
        socket.on('drain', pour)
        pour()
      } else if (piece[0] === BANNER[0]) socket.write(piece)
      // tinyproxy asks for that, and holds a client until it has happened.
      else if (/\r\nConnection: close\r\n/i.test(piece.toString('latin1'))) socket.end(ANSWER)
      else
        for (let at = piece.indexOf('\r\n\r\n'); at >= 0; at = piece.indexOf('\r\n\r\n', at + 4)) socket.write(ANSWER)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  console.log(`127.0.0.1:${(server.address() as AddressInfo).port}`)
}

if (kind === 'serve') await serve()
else if (kind === 'hold') {
  await hold(connections)
  console.log(JSON.stringify({ held: connections, failed }))
} else {
  const begin = {
    requests: keepAsking,
    'requests-anew': () => askAnew(GET_ONCE, null, (text) => text.endsWith(BODY)),
    connects: () => askAnew(CONNECT, BANNER, (text) => text.endsWith('bench\r\n')),
    octets: pour,
  }[kind]!
  for (let index = 0; index < connections; index++) begin()
  // A proxy that is compiled as it runs needs some thousands of each to be as it will be.
  for (let waited = 0; waited < 1 || (waited < 30 && kind !== 'octets' && count < WARM); waited++)
    await new Promise((resolve) => setTimeout(resolve, 500))
  console.log('warm')
  await once(process.stdin, 'data')
  ;[count, octets, times.length] = [0, 0, 0]
  const start = performance.now()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const elapsed = (performance.now() - start) / 1000
  isOver = true
  const sorted = times.toSorted((a, b) => a - b)
  const p99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? 0
  const amount = kind === 'octets' ? octets / 1e6 : count
  process.stdout.write(`${JSON.stringify({ rate: amount / elapsed, p99Ms, failed })}\n`, () => process.exit(0))
}
