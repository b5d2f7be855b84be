import {
  DETECTORS,
  NOTHING_KNOWN,
  type Alert,
  type Detector,
  type DetectorName,
  type Known,
  type ObservedFlow,
} from './alert.ts'
import { detectBeacons } from './detectors/beacons.ts'
import { detectDnsTunnels } from './detectors/dns-tunnels.ts'
import { detectFeedHits } from './detectors/feed-hits.ts'
import { detectGeneratedDomains } from './detectors/generated-domains.ts'
import { detectAnonymisers, detectRemoteAccess } from './detectors/known-names.ts'
import { detectLongConnections } from './detectors/long-connections.ts'
import { detectManyRefusals } from './detectors/many-refusals.ts'
import { detectNameMismatch } from './detectors/name-mismatch.ts'
import { detectNewApplications } from './detectors/new-applications.ts'
import { detectNewDestinations } from './detectors/new-destinations.ts'
import { detectProtocolMismatch } from './detectors/protocol-mismatch.ts'
import { detectRareDestinations } from './detectors/rare-destinations.ts'
import { detectRuleAlerts } from './detectors/rule-alerts.ts'
import { detectUploadVolume } from './detectors/upload-volume.ts'

const DETECT: Readonly<Record<DetectorName, Detector>> = {
  beacon: detectBeacons,
  'long-connection': detectLongConnections,
  'upload-volume': detectUploadVolume,
  'dns-tunnel': detectDnsTunnels,
  'generated-domain': detectGeneratedDomains,
  'many-refusals': detectManyRefusals,
  'protocol-mismatch': detectProtocolMismatch,
  'name-mismatch': detectNameMismatch,
  'remote-access': detectRemoteAccess,
  anonymiser: detectAnonymisers,
  'new-application': detectNewApplications,
  'new-destination': detectNewDestinations,
  'rare-destination': detectRareDestinations,
  'feed-hit': detectFeedHits,
  'rule-alert': detectRuleAlerts,
}

const SEVERITIES = ['critical', 'high', 'medium', 'low']

/** Alerts of all detectors, or of those named; the gravest first. */
export function detectAll(
  flows: readonly ObservedFlow[],
  detectors: readonly DetectorName[] = DETECTORS,
  known: Known = NOTHING_KNOWN,
): readonly Alert[] {
  const alerts = detectors.flatMap((name) => DETECT[name](flows, known))
  return alerts.toSorted(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.lastMs - a.lastMs,
  )
}
