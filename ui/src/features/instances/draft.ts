import type { Schema } from '@/lib/api'

import { namesProblem, parseAmount } from './rules'
import { checkSize, MILLIS } from './resize'
import { sizesOf } from './sizes'

type Offer = Schema<'Offer'>

/** A new instance while it is being described. Numbers are as typed. */
export interface Draft {
  name: string
  version: number
  /** The key of a size, or "custom", which cpu (in cores) and memory (in MiB) then say. */
  size: string
  cpu: string
  memory: string
  /** In GiB. */
  storage: string
  imageType: Schema<'ImageType'>
  /** The name of a runtime image, which is always stock; empty for none. */
  runtimeImage: string
  reach: 'internal' | 'public'
  /** Networks, separated by commas or spaces. */
  allowed: string
}

/** A draft with the offer's defaults. */
export function newDraft(offer: Offer): Draft {
  const sizes = sizesOf(offer)
  const size = sizes.find((s) => s.cpuMillis === offer.cpu_millis.default) ?? sizes[0]
  return {
    name: '',
    version: offer.versions.includes(offer.default_version)
      ? offer.default_version
      : (offer.versions[0] ?? 0),
    size: size?.key ?? 'custom',
    cpu: String(offer.cpu_millis.default / MILLIS),
    memory: String(offer.memory_mib.default),
    storage: String(offer.storage_gib.default),
    imageType: offer.image_types[0] ?? 'stock',
    runtimeImage: '',
    reach: 'internal',
    allowed: '',
  }
}

/** The rules that draft breaks, by the names of the request's fields. */
export function checkDraft(draft: Draft, offer: Offer): Record<string, string> {
  const request = requestOf(draft, offer)
  const name = namesProblem(draft.name)
  return { ...(name && { name }), ...checkSize(request, offer) }
}

/** What to ask the server for. */
export function requestOf(draft: Draft, offer: Offer): Schema<'CreateInstanceRequest'> {
  const size = sizesOf(offer).find((s) => s.key === draft.size)
  return {
    name: draft.name,
    version: draft.version,
    cpu_millis: size?.cpuMillis ?? parseAmount(draft.cpu, MILLIS),
    memory_mib: size?.memoryMiB ?? parseAmount(draft.memory),
    storage_gib: parseAmount(draft.storage),
    image_type: draft.runtimeImage ? 'stock' : draft.imageType,
    ...(draft.runtimeImage && { runtime_image: draft.runtimeImage }),
    public: draft.reach === 'public',
    allowed_cidrs: draft.allowed.split(/[\s,]+/).filter((network) => network !== ''),
  }
}
