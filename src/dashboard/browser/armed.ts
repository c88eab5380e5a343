import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** Neither button nor key acts this soon after what they act on has come up or the window has come back. */
const REST_MS = 500;

/** True once `watch` has been the same for the time of rest; false from the very render in which it changes. */
export function useArmed(watch: string): boolean {
  const armedFor = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const timer: { id?: number } = {};
    const arm = () => {
      window.clearTimeout(timer.id);
      armedFor.value = undefined;
      timer.id = window.setTimeout(() => {
        armedFor.value = watch;
      }, REST_MS);
    };
    arm();
    window.addEventListener('focus', arm);
    return () => {
      window.removeEventListener('focus', arm);
      window.clearTimeout(timer.id);
    };
  }, [watch]);
  return armedFor.value === watch;
}
