import { existsSync, readFileSync } from 'node:fs'
import { KernelError } from './kernel-error.ts'

/** Bits of capabilities(7) that enforcement uses: programs and maps, their attachment, and taking CAP_NET_RAW away. */
const NEEDED: Readonly<Record<string, bigint>> = {
  CAP_SETPCAP: 8n,
  CAP_NET_ADMIN: 12n,
  CAP_SYS_ADMIN: 21n,
}

/** Fails before anything is made: root inside a container often has neither the rights nor the kernel. */
export function requireMachine(): void {
  const missing = missingCapabilities(readFileSync('/proc/self/status', 'utf8'))
  if (missing.length > 0) {
    const remedy = `Run it as root of the machine, or give the container ${missing.join(', ')}.`
    throw new KernelError('privileges-missing', `this process lacks ${missing.join(', ')}`, remedy)
  }
  if (!existsSync('/sys/kernel/btf/vmlinux')) {
    const remedy = 'Use a kernel built with CONFIG_DEBUG_INFO_BTF (every Debian kernel is), with /sys mounted.'
    throw new KernelError('kernel-lacks', 'this kernel shows no BTF: /sys/kernel/btf/vmlinux is missing', remedy)
  }
}

export function missingCapabilities(status: string): readonly string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  return Object.entries(NEEDED).flatMap(([name, bit]) => (((effective >> bit) & 1n) === 1n ? [] : [name]))
}
