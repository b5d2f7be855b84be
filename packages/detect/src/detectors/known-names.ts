import type { Alert, DetectorName, ObservedFlow, Technique } from '../alert.ts'
import { alertFacts, bySubjectAndDestination, nameOf, thinned } from '../observed.ts'

/** Domains that the vendors' own firewall pages name. */
const REMOTE_ACCESS: Readonly<Record<string, string>> = {
  'teamviewer.com': 'TeamViewer',
  'anydesk.com': 'AnyDesk',
  'net.anydesk.com': 'AnyDesk',
  'rustdesk.com': 'RustDesk',
  'logmein.com': 'LogMeIn',
  'logmeinrescue.com': 'LogMeIn Rescue',
  'gotomypc.com': 'GoToMyPC',
  'screenconnect.com': 'ScreenConnect',
  'splashtop.com': 'Splashtop',
  'realvnc.com': 'RealVNC',
  'remoteutilities.com': 'Remote Utilities',
  'dwservice.net': 'DWService',
  'zohoassist.com': 'Zoho Assist',
  'ngrok.io': 'ngrok',
  'ngrok.com': 'ngrok',
  'ngrok-agent.com': 'ngrok',
  'tailscale.com': 'Tailscale',
  'trycloudflare.com': 'Cloudflare Tunnel',
  'argotunnel.com': 'Cloudflare Tunnel',
}
const ANONYMISERS: Readonly<Record<string, string>> = {
  'torproject.org': 'Tor',
  'nordvpn.com': 'NordVPN',
  'protonvpn.com': 'Proton VPN',
  'mullvad.net': 'Mullvad',
  'expressvpn.com': 'ExpressVPN',
  'surfshark.com': 'Surfshark',
  'privateinternetaccess.com': 'Private Internet Access',
  'windscribe.com': 'Windscribe',
  'tunnelbear.com': 'TunnelBear',
  'hide.me': 'hide.me',
  'psiphon.ca': 'Psiphon',
  'i2p.net': 'I2P',
}

export function detectRemoteAccess(flows: readonly ObservedFlow[]): readonly Alert[] {
  const technique = { id: 'T1219', name: 'Remote Access Software' }
  return known('remote-access', technique, flows, (each) => {
    const { protocol } = each.flow
    return protocol === 'rdp' || protocol === 'vnc' ? protocol.toUpperCase() : listed(REMOTE_ACCESS, nameOf(each))
  })
}

export function detectAnonymisers(flows: readonly ObservedFlow[]): readonly Alert[] {
  const technique = { id: 'T1090.003', name: 'Proxy: Multi-hop Proxy' }
  const words: Readonly<Record<string, string>> = { tor: 'Tor', openvpn: 'OpenVPN', wireguard: 'WireGuard' }
  return known(
    'anonymiser',
    technique,
    flows,
    (each) => words[each.flow.protocol ?? ''] ?? listed(ANONYMISERS, nameOf(each)),
  )
}

function listed(list: Readonly<Record<string, string>>, name: string | null): string | null {
  for (let rest = name ?? ''; rest !== ''; rest = rest.includes('.') ? rest.slice(rest.indexOf('.') + 1) : '') {
    if (Object.hasOwn(list, rest)) return list[rest]!
  }
  return null
}

function known(
  detector: DetectorName,
  technique: Technique,
  flows: readonly ObservedFlow[],
  toolOf: (flow: ObservedFlow) => string | null,
): readonly Alert[] {
  return bySubjectAndDestination(flows.filter((each) => toolOf(each) !== null)).map((all) => {
    const facts = alertFacts(all)
    const tool = toolOf(all[0]!)!
    return {
      detector,
      severity: 'medium',
      technique,
      ...facts,
      sentence: `${facts.subject} used ${tool} (${facts.destination}) ${all.length} times`,
      numbers: { flows: all.length, denied: all.filter(({ denied }) => denied).length },
      series: thinned(all.map(({ timeMs }, index) => [timeMs, index + 1])),
    }
  })
}
