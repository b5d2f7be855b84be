import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lab, type Ended, type RunOptions } from './lab.ts'

export const SHARED = '198.51.100.50'

/** One TLS server of several names, one SSH server behind port 443, and commands that speak to them. */
export class HandshakeLab implements AsyncDisposable {
  readonly lab: Lab
  readonly #asUser: boolean
  #policies = 0

  private constructor(lab: Lab, asUser: boolean) {
    this.lab = lab
    this.#asUser = asUser
  }

  static async open(asUser: boolean): Promise<HandshakeLab> {
    const lab = await Lab.open()
    chmodSync(lab.directory, 0o777)
    const [key, cert] = [join(lab.directory, 'key.pem'), join(lab.directory, 'cert.pem')]
    const named = ['-subj', '/CN=shared-a.test', '-days', '2', '-keyout', key, '-out', cert]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...named], { stdio: 'ignore' })
    const tls = ['s_server', '-accept', `${SHARED}:443`, '-cert', cert, '-key', key, '-www', '-quiet']
    await lab.serve([`${SHARED}:443`], 'openssl', tls)
    const opened = new HandshakeLab(lab, asUser)
    await opened.answer('198.51.100.40', 443, 'SYSTEM:echo SSH-2.0-lab; cat')
    return opened
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]()
  }

  /** What answers each connection there, as socat calls it. */
  answer(host: string, port: number, what: string): Promise<void> {
    const listen = `TCP4-LISTEN:${port},bind=${host},fork,reuseaddr`
    return this.lab.serve([`${host}:${port}`], 'socat', [listen, what])
  }

  /** A command under a policy. */
  run(policy: string, command: readonly string[], options: readonly string[] = [], more?: RunOptions): Promise<Ended> {
    const all = ['--policy', policy, ...options]
    return this.#asUser ? this.lab.runAsUser(all, command, more) : this.lab.run(all, command, more)
  }

  /** How many octets came back when something was said. */
  async answers(policy: string, command: readonly string[]): Promise<number> {
    return Number((await this.run(policy, command)).stdout)
  }

  path(name: string): string {
    return join(this.lab.directory, name)
  }

  policy(name: string, rules: readonly object[]): string {
    const path = this.path(`${name}-${++this.#policies}.json`)
    writeFileSync(path, JSON.stringify({ sallyport: 1, name, mode: 'enforce', rules }))
    return path
  }

  allowsName(): string {
    return this.policy('name', [{ id: 'a', action: 'allow', to: ['shared-a.test'] }])
  }

  allowsTls(): string {
    return this.policy('tls', [{ id: 'tls', action: 'allow', to: ['198.51.100.0/24'], protocol: ['tls'] }])
  }

  deniesName(name: string): string {
    return this.policy(`deny-${name}`, [
      { id: 'not', action: 'deny', to: [name] },
      { id: 'all', action: 'allow' },
    ])
  }
}

export function https(name: string): readonly string[] {
  return ['curl', '-skS', '-m', '20', `https://${name}/`]
}

/** Sends octets to an address one piece at a time and prints how many came back: at once, or until there are `least`. */
export function say(
  to: string,
  port: number,
  kind: 'tcp' | 'udp',
  pieces: readonly Uint8Array[],
  least = 0,
): readonly string[] {
  const hex = JSON.stringify(pieces.map((piece) => Buffer.from(piece).toString('hex')))
  return ['python3', '-c', SAY, to, String(port), kind, hex, String(least)]
}

export function inPieces(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
}

const SAY = `
import json, socket, sys, time
to, port, kind, pieces, least = sys.argv[1], int(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4]), int(sys.argv[5])
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
s.settimeout(20 if least else 2)
got = 0
try:
    s.connect((to, port))
    if kind == 'tcp':
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        time.sleep(0.2)
    for piece in pieces:
        s.send(bytes.fromhex(piece))
        time.sleep(0.005)
    if not least:
        time.sleep(0.5)
        got = len(s.recv(65536))
    while got < least:
        came = len(s.recv(65536))
        if not came:
            break
        got += came
except OSError:
    pass
print(got)
`

/** For sh(1): waits for a file of the test's. */
export function until(path: string): string {
  return `while [ ! -e ${path} ]; do sleep 0.05; done`
}

/** Connections of one socket from one port, and whether each had an answer. */
export const AGAIN = `
import ctypes, socket, struct, sys
to, port, turns = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
s = socket.socket()
s.settimeout(15)
s.bind(('', port))
for port, first in zip(turns[::2], turns[1::2]):
    try:
        s.connect((to, int(port)))
        s.sendall(bytes.fromhex(first))
        print(bool(s.recv(65536)), end=' ')
    except OSError:
        print(False, end=' ')
    ctypes.CDLL(None).connect(s.fileno(), struct.pack('H14x', socket.AF_UNSPEC), 16)
`

/** What the sender of a datagram is told. */
export const REFUSED = `
import errno, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
s.connect((sys.argv[1], int(sys.argv[2])))
s.send(b'what this is nobody knows')
try:
    print(len(s.recv(65536)))
except OSError as error:
    print(errno.errorcode.get(error.errno, str(error)))
`

/** Waits for a file, connects, and writes all that it was told in one go. */
export const AT_ONCE = `
import os, socket, sys, time
path, to, port = sys.argv[1:]
said = bytes.fromhex(sys.stdin.read())
while not os.path.exists(path):
    time.sleep(0.05)
s = socket.create_connection((to, int(port)), 5)
s.settimeout(2)
try:
    s.sendall(said)
    s.shutdown(socket.SHUT_WR)
    s.recv(1)
except OSError:
    pass
`

/** When the file is there, says octets once on a connection and as datagrams; prints how many of each came back. */
export const SHORT_AND_LONG = `import os, socket, sys, time
go, tcp, said, udp, *datagrams = sys.argv[1:]
while not os.path.exists(go): time.sleep(0.02)
def answered(kind, to, octets, least):
    host, port = to.split(':')
    with socket.socket(socket.AF_INET, kind) as s:
        s.settimeout(5); s.connect((host, int(port))); s.send(octets)
        back = 0
        try:
            while back < least: back += len(s.recv(65536))
        except OSError: pass
        return back
print(answered(socket.SOCK_STREAM, tcp, bytes.fromhex(said), 1), *[
    answered(socket.SOCK_DGRAM, udp, bytes.fromhex(each), 1) for each in datagrams])
`
