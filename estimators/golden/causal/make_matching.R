# Matches and weights by MatchIt: writes matching.json. Rscript make_matching.R, with R 4.2.2, r-cran-matchit 4.5.1 and r-cran-jsonlite of Debian 12.
library(MatchIt)
library(jsonlite)
data <- read.csv("../../../examples/data/nsw_cps.csv")
# Of units that are alike only the first is kept: which of several equally near controls is taken is nobody's to say.
data <- data[!duplicated(data[, c("age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75")]), ]
formula <- treat ~ age + educ + black + hisp + marr + nodegree + re74 + re75
data <- data[order(-predict(glm(formula, binomial, data))), ]
logit <- predict(glm(formula, binomial, data, control = list(epsilon = 1e-14, maxit = 100)))
# As a matrix of distances: with a vector of them this version of MatchIt does not always take the nearest, nor keep the caliper.
far <- abs(outer(logit[data$treat == 1], logit[data$treat == 0], "-"))
nearest <- function(...) matchit(formula, data, method = "nearest", distance = far, m.order = "data", ...)
effect <- function(weights) {
  weighted.mean(data$re78[data$treat == 1], weights[data$treat == 1]) - weighted.mean(data$re78[data$treat == 0], weights[data$treat == 0])
}
case <- function(name, fit) {
  summary <- summary(fit, un = TRUE)
  across <- if (is.null(summary$sum.across)) summary$sum.matched else summary$sum.across
  list(name = name, estimate = effect(fit$weights), matchedTreated = sum(fit$weights[data$treat == 1] > 0),
       usedControls = sum(fit$weights[data$treat == 0] > 0),
       effectiveControls = unname(summary$nn["Matched (ESS)", 1]),
       before = as.list(summary$sum.all[, "Std. Mean Diff."]), after = as.list(across[, "Std. Mean Diff."]),
       ks = as.list(across[, "eCDF Max"]), ecdfMeans = as.list(across[, "eCDF Mean"]), varianceRatios = as.list(across[, "Var. Ratio"]))
}
cases <- list(
  case("nearest 1:1", nearest()),
  case("nearest 2:1", nearest(ratio = 2)),
  case("nearest with replacement", nearest(replace = TRUE)),
  case("caliper", nearest(caliper = 0.002, std.caliper = FALSE)),
  case("caliper, 2:1 with replacement", nearest(ratio = 2, replace = TRUE, caliper = 0.002, std.caliper = FALSE)),
  case("subclass", matchit(formula, data, method = "subclass", distance = "glm", subclass = 6, min.n = 0)),
  case("cem", matchit(formula, data, method = "cem", cutpoints = list(age = c(20, 25, 30, 40), educ = c(9, 12), re74 = c(1, 5000, 10000), re75 = c(1, 5000, 10000))))
)
write(toJSON(list(versions = list(R = R.version.string, MatchIt = as.character(packageVersion("MatchIt"))), cases = cases), auto_unbox = TRUE, digits = 12), "matching.json")
