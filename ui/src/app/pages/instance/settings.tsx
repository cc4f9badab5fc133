import { DangerZone } from '@/features/instances/danger-zone'

import { OperatorsOnly } from './operators-only'
import { useShown } from './shown'

export function SettingsTab() {
  const { instance } = useShown()
  return (
    <OperatorsOnly>
      <div className="flex max-w-3xl flex-col gap-5">
        <DangerZone instance={instance} />
      </div>
    </OperatorsOnly>
  )
}
