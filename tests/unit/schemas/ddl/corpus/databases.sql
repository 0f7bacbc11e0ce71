%%
CREATE DATABASE other CHARACTER SET latin1
%%
CREATE TABLE other.t (a VARCHAR(5), b TEXT CHARACTER SET utf8mb4)
%%
ALTER DATABASE other CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin
%%
CREATE TABLE other.t2 (a VARCHAR(5))
%%
ALTER TABLE other.t ADD c VARCHAR(5)
%%
USE other
%%
CREATE TABLE used (a CHAR(3))
%%
ALTER SCHEMA COLLATE latin2_general_ci
%%
CREATE TABLE used2 (a CHAR(3))
%%
ALTER DATABASE other DEFAULT COLLATE utf8mb4_general_ci DEFAULT ENCRYPTION 'N'
%%
ALTER DATABASE other READ ONLY = 0
%%
USE `corpus`
%%
RENAME TABLE other.used TO corpus.came_over
%%
ALTER TABLE other.used2 RENAME corpus.came_too
%%
CREATE TABLE like_other LIKE other.t2
%%
DROP DATABASE other
%%
CREATE SCHEMA IF NOT EXISTS `oth-er` DEFAULT CHARACTER SET utf8mb4 DEFAULT COLLATE utf8mb4_unicode_ci
%%
CREATE DATABASE IF NOT EXISTS `oth-er` CHARACTER SET latin1
%%
CREATE TABLE `oth-er`.`t.x` (a TEXT)
%%
CREATE OR REPLACE DATABASE `oth-er` CHARSET utf8mb3 COMMENT 'maria'
%%
ALTER DATABASE `oth-er` UPGRADE DATA DIRECTORY NAME
%%
DROP SCHEMA IF EXISTS `oth-er`
%%
SET NAMES utf8mb4
%%
SET character_set_server = latin1, collation_server = latin1_swedish_ci
%%
CREATE DATABASE inherits
%%
CREATE TABLE inherits.t (a CHAR(3))
%%
DROP DATABASE inherits
%%
SET @@session.character_set_server = 'utf8mb4', @x = 5, SESSION sql_mode = ''
%%
SET CHARACTER SET latin1
%%
SET GLOBAL max_connections = 100
