// A capture with the probes on exported functions and the ioctl alone, which exist on any kernel and driver.

/** The probed function: behind the arrow for a return, before the offset for an entry. */
function functionOf(line: string): string | undefined {
  return /: \w+: \((?:.* <- (\w+)|(\w+)\+0x)/.exec(line)?.slice(1).find(Boolean);
}

const EXPORTED = /^(?:drm_(?:gpuv|exec|gem)|dma_resv_)\w+$|_ioctl_vm_(?:bind|map|unmap)$|^xe_vm_bind_ioctl$/;

/** The trace as it would be without the driver's own functions, its ioctl aside; the header counts what is left. */
export function exportedOnly(bytes: Uint8Array): Uint8Array {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const left = lines.filter((line) => {
    const symbol = functionOf(line);
    return symbol === undefined || EXPORTED.test(symbol);
  });
  const count = left.filter((line) => functionOf(line) !== undefined).length;
  const text = left.join('\n').replace(/(entries-in-buffer\/entries-written: )\d+\/\d+/, `$1${count}/${count}`);
  return Buffer.from(text, 'latin1');
}
