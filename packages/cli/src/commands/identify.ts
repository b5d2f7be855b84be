import { Command } from 'commander'
import { SallyportError } from '@sallyport/policy'
import type { FlowRow } from '@sallyport/wire'
import { examples, jsonOption } from '../input/options.ts'
import { readCapture, type CaptureProgress } from '../input/read-capture.ts'
import { note, printSlowly } from '../output/print.ts'
import { printable, styled } from '../output/style.ts'
import type { Answer } from './answer.ts'

type Options = { readonly json?: boolean }

export function identifyCommand(answer: Answer): Command {
  return new Command('identify')
    .description('protocol, name and evidence of each flow in a capture, by its bytes and never by its port')
    .argument('<file...>', 'pcap or pcapng files, as they are or packed by gzip or zstd; - is the standard input')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport identify office.pcapng',
        'sallyport identify a.pcap b.pcap.gz --json | jq -r .name | sort | uniq -c',
        'tcpdump -w - -c 1000 | sallyport identify -',
      ),
    )
    .action(async (paths: readonly string[], options: Options) => {
      const asJson = options.json === true
      for (const path of paths) await identifyFile(path, asJson, paths.length > 1)
      answer(0)
    })
}

async function identifyFile(path: string, asJson: boolean, isOneOfMany: boolean): Promise<void> {
  if (!asJson && isOneOfMany) await printSlowly(`${styled('bold', printable(path))}\n`)
  const print = async (rows: readonly FlowRow[]): Promise<void> => {
    for (const row of rows) await printSlowly(asJson ? `${JSON.stringify(flowFacts(path, row))}\n` : flowLine(row))
  }
  const { counters, failure } = await readCapture(path, print, progressOf(path))
  const { ignoredFrames, droppedFragments, evictedFlows } = counters
  if (ignoredFrames > 0) note(`${path}: ${ignoredFrames} frames are no IP packets that can be read`)
  if (droppedFragments > 0) note(`${path}: ${droppedFragments} packets lack fragments`)
  if (evictedFlows > 0) note(`${path}: ${evictedFlows} flows ended early, because more were open than are kept`)
  if (failure === null) return
  throw new SallyportError('capture-invalid', `${path}: ${FAILURES[failure.failure]} at offset ${failure.offset}`)
}

const FAILURES = {
  'not-a-capture': 'neither pcap nor pcapng',
  'bad-block': 'a block with an impossible length',
  'packet-too-large': 'a packet larger than any can be',
  truncated: 'the file ends inside a packet',
  'badly-packed': 'what was packed is damaged or not whole',
} as const

/** One flow as it is printed with --json; docs/reference/commands/identify.md lists the keys. */
function flowFacts(file: string, { answer, startMs, ...flow }: FlowRow): object {
  const isKnown = answer.state === 'identified'
  return {
    file,
    transport: flow.transport,
    client: flow.client,
    server: flow.server,
    protocol: isKnown ? answer.protocol : null,
    name: isKnown ? answer.name : null,
    problem: isKnown ? answer.problem : null,
    alpn: isKnown ? answer.alpn : null,
    ja4: isKnown ? answer.ja4 : null,
    ech: isKnown ? answer.ech : null,
    request: isKnown ? answer.request : null,
    confidence: isKnown ? answer.confidence : null,
    evidence: isKnown ? answer.evidence : null,
    why: isKnown ? null : answer.why,
    time: new Date(Number.isFinite(startMs) && startMs < 8.64e15 ? startMs : 0).toISOString(),
    packets: flow.packets,
    bytes: flow.bytes,
  }
}

function flowLine({ transport, client, server, answer }: FlowRow): string {
  const ends = `${transport.padEnd(5)} ${client.padEnd(21)} > ${server.padEnd(21)}`
  if (answer.state === 'unknown') return `${ends} ${styled('dim', `unknown     (${answer.why})`)}\n`
  const { protocol, name, problem, ja4, ech, confidence, evidence } = answer
  const facts = [
    ...(name === null ? [] : [printable(name)]),
    ...(problem === null ? [] : [styled('yellow', problem)]),
    ...(ech === null ? [] : [styled('yellow', 'ech')]),
    ...(ja4 === null ? [] : [styled('dim', ja4)]),
    styled(
      'dim',
      `(${confidence}: ${evidence.what}, octets ${evidence.offset}-${evidence.offset + evidence.length - 1})`,
    ),
  ]
  return `${ends} ${styled('green', protocol.padEnd(11))} ${facts.join('  ')}\n`
}

/** On a terminal, and only for files that take a while. */
function progressOf(path: string): CaptureProgress {
  if (!process.stderr.isTTY) return () => {}
  return (readBytes, totalBytes) => {
    if (totalBytes < 1 << 26) return
    const percent = Math.floor((readBytes * 100) / totalBytes)
    process.stderr.write(`\r${printable(path)}: ${percent}%${readBytes >= totalBytes ? '\n' : ''}`)
  }
}
