import { AZ, letters, START } from '../labelled-traffic.ts'
import { addressOf, DAY, HOUR, isWorkday, MINUTE, pause, type Emit, type Machine } from './machine.ts'

/** Programs that run by themselves, and what people do beside browsing. Periods are those that the programs come with. */
export function benignServices(machine: Machine, emit: Emit): void {
  const { next, days } = machine
  const end = START + days * DAY
  const every = (periodMs: number, jitter: number, each: (at: number) => void): void => {
    for (let at = START + next() * periodMs; at < end; at += periodMs * (1 + jitter * (2 * next() - 1))) each(at)
  }
  const call = (app: string, name: string, more: object = {}): ((at: number) => void) => {
    const facts = { app, name, ip: addressOf(name), protocol: 'tls', bytesOut: 900, bytesIn: 5000, ...more } as const
    return (at) => emit(at, { ...facts, bytesOut: facts.bytesOut + Math.floor(next() * 80) })
  }
  // systemd-timesyncd: PollIntervalMaxSec=2048. NetworkManager: interval=300. apt-daily: twice a day, up to 12 hours late.
  every(
    2_048_000,
    0.02,
    call('/usr/lib/systemd/systemd-timesyncd', 'ntp.ubuntu.com', {
      port: 123,
      transport: 'udp',
      protocol: 'ntp',
      bytesOut: 48,
    }),
  )
  every(
    300_000,
    0.01,
    call('/usr/sbin/NetworkManager', 'connectivity-check.ubuntu.com', { port: 80, protocol: 'http' }),
  )
  every(DAY / 2, 0.9, call('/usr/lib/apt/methods/https', 'deb.debian.org'))
  every(DAY / 4, 0.5, call('/usr/lib/snapd/snapd', 'api.snapcraft.io'))
  every(30 * MINUTE, 0.05, call('/usr/lib/firefox/firefox', 'safebrowsing.googleapis.com'))
  every(5 * HOUR, 0.1, call('/usr/lib/firefox/firefox', 'aus5.mozilla.org'))
  every(DAY / 3, 0.4, call(machine.agent, `dl.${machine.device}.agent.example`))
  if (next() < 0.3) every(MINUTE, 0.01, call('/usr/bin/telegraf', 'metrics.corp.example'))
  if (next() < 0.3) every(5 * MINUTE, 0.005, call('/usr/bin/curl', 'hc-ping.com'))
  const hasBlockedTelemetry = next() < 0.3
  const hasBackup = next() < 0.5
  for (let day = 0; day < days; day++) {
    const midnight = START + day * DAY
    if (hasBackup) backup(machine, midnight, emit)
    if (isWorkday(day)) workday(machine, midnight, hasBlockedTelemetry, emit)
  }
}

function backup({ next }: Machine, midnight: number, emit: Emit): void {
  const name = 's3.eu-central-1.amazonaws.com'
  const bytesOut = Math.floor(3e8 * Math.exp(next() + next() - 1))
  const facts = { name, ip: addressOf(name), protocol: 'tls', bytesOut, bytesIn: 2e6, durationMs: 20 * MINUTE } as const
  emit(midnight + HOUR + next() * 10 * MINUTE, { app: '/usr/bin/restic', ...facts })
}

function workday(machine: Machine, midnight: number, hasBlockedTelemetry: boolean, emit: Emit): void {
  const { next } = machine
  const at = (from: number, to: number): number => midnight + (from + next() * (to - from)) * HOUR
  const open = (timeMs: number, app: string, name: string, hours: number, more: object = {}): void =>
    emit(timeMs, {
      app,
      name,
      ip: addressOf(name),
      protocol: 'tls',
      bytesOut: 2e5 + Math.floor(next() * 3e6),
      bytesIn: 8e6,
      durationMs: hours * HOUR,
      ...more,
    })
  // A connection that notifications come through, open while the program is.
  open(at(8, 9), '/usr/lib/firefox/firefox', 'push.services.mozilla.com', 7 + next() * 2)
  open(at(8, 9), '/usr/bin/slack', 'wss-primary.slack.com', 2 + next() * 7)
  // RFC 2177: IDLE is begun again at least every 29 minutes.
  for (let time = at(8, 9); time < midnight + 17 * HOUR; time += 29 * MINUTE)
    open(time, '/usr/bin/thunderbird', 'imap.mail.example', 0.48, { port: 993 })
  for (let calls = Math.floor(next() * 3); calls > 0; calls--) {
    const media = { transport: 'udp', port: next() < 0.3 ? 443 : 3478, protocol: 'stun' } as const
    const hours = 0.25 + next()
    open(at(9, 16), '/opt/zoom/zoom', 'media.zoom.us', hours, { ...media, bytesOut: 5e8 * hours, bytesIn: 6e8 * hours })
  }
  for (let time = at(9, 10); time < midnight + 17 * HOUR; time += pause(next, 20 * MINUTE)) {
    const bytesOut = Math.floor(2e4 + Math.exp(next() * 12))
    open(time, '/usr/bin/git', 'github.com', 0.001, { bytesOut, bytesIn: bytesOut * 4 })
    open(time, '/usr/bin/dropbox', 'content.dropboxapi.com', 0.01, { bytesOut: bytesOut * 5, bytesIn: bytesOut })
  }
  if (next() < 0.3) open(at(9, 12), '/usr/bin/ssh', 'build.corp.example', 1 + next() * 6, { port: 22, protocol: 'ssh' })
  if (next() < 0.2)
    for (let packages = 200, time = at(9, 17); packages > 0; packages--)
      open(time + packages * 90, '/usr/bin/node', 'registry.npmjs.org', 0, { bytesOut: 2000, bytesIn: 3e5 })
  if (next() < 0.1)
    open(at(9, 17), '/usr/lib/firefox/firefox', 'upload.video.example', 0.3, { bytesOut: 1e8 + next() * 9e8 })
  if (next() < 0.05) open(at(9, 17), `/opt/${letters(next, 8, AZ)}/tool`, 'api.tool.example', 0)
  if (hasBlockedTelemetry)
    for (let tries = 0, time = at(8, 9); time < midnight + 17 * HOUR; time += Math.min(1, 0.01 * 2 ** tries++) * HOUR)
      emit(time, { app: '/usr/share/code/code', name: 'telemetry.code.example', port: null }, true)
}
