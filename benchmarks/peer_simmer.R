# The model a good simmer practitioner writes for a port: `Rscript peer_simmer.R DRAWS VISITS END DAY STARTS LEVELS`.
#
# DRAWS : CSV of the units in order of arrival: time, priority (greater goes first), work_1, work_2, ... (ms)
# VISITS : CSV to write: unit, stage, joined, started, ended
# END, DAY : tick up to which the run is played, and length of a day, ms
# STARTS, LEVELS : when in the day a shift begins, ms, and with how many lanes at each stage; by commas
#
# Prints the processor time of model and records, in seconds. Units come from a data frame and find their services in
# attributes, so that nothing of R is called while the C++ core runs; resources are not monitored, visits are.
# A resource whose capacity falls lets those in service finish, as the lanes of the plain SimPy model do.

suppressPackageStartupMessages(library(simmer))

arguments <- commandArgs(trailingOnly = TRUE)
numbers <- function(text) as.numeric(strsplit(text, ",")[[1]])
units <- read.csv(arguments[1])
end <- as.numeric(arguments[3])
day <- as.numeric(arguments[4])
starts <- numbers(arguments[5])
levels <- numbers(arguments[6])
work <- setdiff(names(units), c("time", "priority"))
stages <- sub("work", "stage", work)

began <- proc.time()
journey <- trajectory()
for (number in seq_along(stages)) {
  journey <- seize(journey, stages[number], 1)
  journey <- timeout_from_attribute(journey, work[number])
  journey <- release(journey, stages[number], 1)
}
port <- simmer()
for (stage in stages) {
  lanes <- if (length(levels) == 1) levels else schedule(starts, levels, period = day)
  port <- add_resource(port, stage, lanes, mon = FALSE)
}
port <- add_dataframe(port, "unit", journey, units, time = "absolute", col_attributes = work)
port <- run(port, until = end)
visits <- get_mon_arrivals(port, per_resource = TRUE)
took <- proc.time() - began

write.csv(
  data.frame(
    unit = as.numeric(sub("unit", "", visits$name)),
    stage = as.numeric(sub("stage_", "", visits$resource)) - 1,
    joined = visits$start_time,
    started = visits$end_time - visits$activity_time,
    ended = visits$end_time
  ),
  arguments[2],
  row.names = FALSE
)
cat(sprintf("%.6f\n", took[["user.self"]] + took[["sys.self"]]))
