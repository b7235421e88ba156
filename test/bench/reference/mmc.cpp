// M/M/c at load 0.8, first come first served, by hand: one binary heap of 16-byte entries, a ring of arrival times,
// sfc32 with 53-bit inversion, and the log-linear histogram of the waits. Usage: mmc SERVERS CUSTOMERS
// Prints {"units":..,"cpuNs":..,"peakRssMiB":..,"meanWaitMs":..}.
#include <sys/resource.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

struct Sfc32 {
  uint32_t a, b, c, counter = 1;
  explicit Sfc32(uint32_t seed) : a(seed), b(seed * 0x9e3779b1u), c(seed ^ 0x85ebca6bu) {
    for (int round = 0; round < 12; round++) word();
  }
  uint32_t word() {
    uint32_t sum = a + b + counter++;
    a = b ^ (b >> 9);
    b = c + (c << 3);
    c = ((c << 21) | (c >> 11)) + sum;
    return sum;
  }
  double unit() {
    uint64_t high = word(), low = word();
    return (double((high << 20) | (low >> 12)) + 0.5) * 0x1p-52;
  }
  double exponential(double mean) { return -mean * std::log(unit()); }
};

struct Entry {
  double at;
  uint64_t key;  // sequence * 2 + (0 arrival, 1 completion)
};
static inline bool before(const Entry& x, const Entry& y) { return x.at < y.at || (x.at == y.at && x.key < y.key); }

struct Heap {
  std::vector<Entry> entries;
  void push(Entry entry) {
    size_t hole = entries.size();
    entries.push_back(entry);
    while (hole > 0) {
      size_t parent = (hole - 1) / 2;
      if (!before(entry, entries[parent])) break;
      entries[hole] = entries[parent];
      hole = parent;
    }
    entries[hole] = entry;
  }
  Entry pop() {
    Entry top = entries[0], last = entries.back();
    entries.pop_back();
    size_t size = entries.size(), hole = 0;
    if (size == 0) return top;
    for (size_t child = 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && before(entries[child + 1], entries[child])) child++;
      if (!before(entries[child], last)) break;
      entries[hole] = entries[child];
      hole = child;
    }
    entries[hole] = last;
    return top;
  }
};

struct Histogram {
  std::vector<double> buckets = std::vector<double>(40 * 128);
  double count = 0, sum = 0, zeros = 0, least = INFINITY, most = -INFINITY;
  void record(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, 8);
    int64_t place = int64_t(bits >> 45) - (1023 - 26) * 128;
    if (place >= 0 && place < int64_t(buckets.size())) buckets[place]++;
    else zeros++;
    count++;
    sum += value;
    if (value < least) least = value;
    if (value > most) most = value;
  }
};

struct Model {
  Heap heap;
  Sfc32 gaps{1}, services{2};
  Histogram waits;
  std::vector<double> ring = std::vector<double>(1 << 16);
  uint32_t head = 0, tail = 0;
  uint64_t sequence = 0, served = 0;
  int idle;
  double gap;
  Model(int servers) : idle(servers), gap(1 / (0.8 * servers)) { heap.push({gaps.exponential(gap), 0}); }
  void serve(double now, double arrival) {
    waits.record(now - arrival);
    heap.push({now + services.exponential(1), ++sequence * 2 + 1});
  }
  void run(uint64_t customers) {
    uint64_t until = served + customers;
    while (served < until) {
      Entry event = heap.pop();
      if (event.key & 1) {
        served++;
        if (head != tail) serve(event.at, ring[head++ & 0xffff]);
        else idle++;
      } else {
        if (idle > 0) {
          idle--;
          serve(event.at, event.at);
        } else if (tail - head == ring.size()) {
          std::fprintf(stderr, "the queue is full\n");
          std::exit(1);
        } else ring[tail++ & 0xffff] = event.at;
        heap.push({event.at + gaps.exponential(gap), ++sequence * 2});
      }
    }
  }
};

static double cpuNs() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

int main(int count, char** words) {
  if (count != 3) return 2;
  Model model(std::atoi(words[1]));
  uint64_t customers = std::strtoull(words[2], nullptr, 10);
  model.run(customers / 10);
  double start = cpuNs();
  model.run(customers);
  double used = cpuNs() - start;
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"units\":%llu,\"cpuNs\":%.0f,\"peakRssMiB\":%.1f,\"meanWaitMs\":%.6f}\n", (unsigned long long)customers,
              used, usage.ru_maxrss / 1024.0, model.waits.sum / model.waits.count);
}
