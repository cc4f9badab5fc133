import { Container, Database, Layers, type LucideIcon } from 'lucide-react'

interface NavigationItem {
  to: '/instances' | '/batches' | '/runtime-images'
  label: string
  icon: LucideIcon
}

/** The pages that the header leads to, in order. */
export const navigation: NavigationItem[] = [
  { to: '/instances', label: 'Instances', icon: Database },
  { to: '/batches', label: 'Batches', icon: Layers },
  { to: '/runtime-images', label: 'Images', icon: Container },
]
