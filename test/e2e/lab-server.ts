import { createSocket } from 'node:dgram'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createHttpServer } from 'node:http'
import { decode, encode } from 'dns-packet'
import { HOSTS } from './lab-hosts.ts'

// Runs in the lab's server namespace. Every arrival is one line of JSON on the standard output.

function arrived(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

function note(kind: string): (socket: Socket) => void {
  return ({ localAddress, localPort }) => arrived({ kind, to: localAddress, port: localPort })
}

const DNS_ADDRESS = '198.51.100.1'
const addresses = [...new Set(Object.values(HOSTS).flat())]
const listening: Promise<void>[] = []

for (const host of addresses) {
  const web = createHttpServer((request, response) => response.end(`hello from ${host}${request.url}\n`))
  web.on('connection', note('http'))
  listening.push(new Promise((resolve) => web.listen(80, host, resolve)))

  const raw = createServer((socket) => socket.end('SSH-2.0-lab\r\n'))
  raw.on('connection', note('tcp'))
  listening.push(new Promise((resolve) => raw.listen(2222, host, resolve)))

  const datagrams = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' })
  datagrams.on('message', (message, from) => {
    arrived({ kind: 'udp', to: host, port: (datagrams.address() as AddressInfo).port })
    datagrams.send(message, from.port, from.address)
  })
  listening.push(new Promise((resolve) => datagrams.bind(5000, host, resolve)))
}

const names = createSocket('udp4')
names.on('message', (message, from) => {
  const query = decode(message)
  const [question] = query.questions ?? []
  if (question === undefined) return
  arrived({ kind: 'dns', name: question.name, type: question.type })
  const answers = (HOSTS[question.name.toLowerCase()] ?? [])
    .filter((address) => (question.type === 'AAAA') === address.includes(':') && ['A', 'AAAA'].includes(question.type))
    .map((data) => ({ name: question.name, type: question.type as 'A', ttl: 60, data }))
  const rcode = question.name.toLowerCase() in HOSTS ? 0 : 3
  const reply = encode({ type: 'response', id: query.id ?? 0, flags: 0x8180 | rcode, questions: [question], answers })
  names.send(reply, from.port, from.address)
})
listening.push(new Promise((resolve) => names.bind(53, DNS_ADDRESS, resolve)))

await Promise.all(listening)
arrived({ kind: 'ready' })
// A line asks whether all that came before it is on the standard output.
process.stdin.on('data', (lines: Buffer) => lines.forEach(() => arrived({ kind: 'heard' })))
process.stdin.on('end', () => process.exit(0))
